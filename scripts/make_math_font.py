"""Make book/_static/fonts/course-math.woff2: the letters and signs that the book's formulas use.

Source: STIX Math (SIL Open Font License 1.1), Debian's package fonts-stix. The licence asks that a
changed font doesn't carry the original's name; this one is called "Course Math".
Needs fonttools and brotli, and is run by hand when the book needs a sign that the font lacks.
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

SOURCE = Path("/usr/share/fonts/opentype/stix-word/STIXMath-Regular.otf")
TARGET = Path(__file__).parent.parent / "book/_static/fonts/course-math.woff2"
NAME = "Course Math"
RANGES = [
    (0x20, 0x7E),  # Latin
    (0xAC, 0xB7),  # ¬, ±, ·
    (0xD7, 0xD7),  # ×
    (0x302, 0x307),  # accents
    (0x391, 0x3F5),  # Greek
    (0x2016, 0x2034),  # ‖, dots, primes
    (0x2061, 0x2064),  # invisible operators
    (0x2102, 0x211D),  # letters of sets, ℓ, ℜ
    (0x2190, 0x2194),  # arrows
    (0x21A6, 0x21A6),
    (0x21D0, 0x21D4),
    (0x2200, 0x2228),  # operators and relations
    (0x2229, 0x222B),
    (0x223C, 0x223C),
    (0x2248, 0x2248),
    (0x2260, 0x2265),
    (0x226A, 0x226B),
    (0x2282, 0x2287),
    (0x2295, 0x2299),
    (0x22A4, 0x22A5),
    (0x22C5, 0x22C6),
    (0x22EE, 0x22F1),
    (0x2308, 0x230B),  # floor and ceiling
    (0x239B, 0x23B3),  # parts of tall brackets
    (0x23DE, 0x23DF),  # horizontal braces
    (0x27E8, 0x27E9),
    (0x1D400, 0x1D467),  # bold, italic
    (0x1D49C, 0x1D4B5),  # script capitals
    (0x1D538, 0x1D551),  # double-struck capitals
    (0x1D6E2, 0x1D71B),  # italic Greek
]


def main() -> None:
    """Read the source font, keep what RANGES name, write it under its new name."""
    font = TTFont(SOURCE)
    options = subset.Options(flavor="woff2", layout_features=["ssty"], hinting=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[c for low, high in RANGES for c in range(low, high + 1)])
    subsetter.subset(font)
    for record in font["name"].names:
        if record.nameID in (1, 3, 4, 6, 16):
            record.string = NAME.replace(" ", "") if record.nameID == 6 else NAME
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    font.flavor = "woff2"
    font.save(TARGET)
    sys.stdout.write(f"{TARGET.name}: {TARGET.stat().st_size:,} bytes\n")


if __name__ == "__main__":
    main()
