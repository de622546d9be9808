"""Gather the project's own prose for the model of characters; run by the authors as it grows.

``python scripts/datasets/make_text.py``: the same pages give the same file.
"""

from pathlib import Path

from prose import prose
from ship import ROOT, ship_text

BOOK = ROOT / "book"
GUIDES = ("README.md", "CONTRIBUTING.md")
NOT_PROSE = {"api", "bibliography", "notation", "glossary", "course-map"}


def pages() -> list[Path]:
    """Return the chapters in the order of their paths, then the guides; lists are no prose."""
    chapters = [
        page
        for page in sorted(BOOK.rglob("*.md"))
        if page.stem not in NOT_PROSE
        and not any(part.startswith(("_", ".")) for part in page.relative_to(BOOK).parts)
    ]
    return chapters + [ROOT / name for name in GUIDES if (ROOT / name).exists()]


def main() -> None:
    """Write ``text.txt`` and its note."""
    sources = pages()
    texts = []
    for page in sources:
        try:
            texts.append(prose(page.read_text("utf-8")))
        except ValueError as error:
            raise SystemExit(f"{page.relative_to(ROOT)}: {error}") from None
    text = "\n\n\n".join(filter(None, texts)) + "\n"
    ship_text(
        "text",
        text,
        origin=f"the prose of {len(sources)} pages of this project: its chapters and its guides",
        licence="CC BY 4.0, like the book",
        made="scripts/datasets/make_text.py; code, directives, tables and long formulas left out",
    )


if __name__ == "__main__":
    main()
