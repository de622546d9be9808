"""Gather the book's prose for the model of characters; run by the authors as the book grows.

``python scripts/datasets/make_text.py``: the same pages give the same file.
"""

from pathlib import Path

from prose import prose
from ship import ROOT, ship_text

BOOK = ROOT / "book"
NOT_PROSE = {"api", "bibliography", "notation", "glossary", "course-map"}


def pages() -> list[Path]:
    """Return the chapters in the order of their paths; generated pages and lists are no prose."""
    return [
        page
        for page in sorted(BOOK.rglob("*.md"))
        if page.stem not in NOT_PROSE
        and not any(part.startswith(("_", ".")) for part in page.relative_to(BOOK).parts)
    ]


def main() -> None:
    """Write ``text.txt`` and its note."""
    chapters = pages()
    texts = []
    for page in chapters:
        try:
            texts.append(prose(page.read_text("utf-8")))
        except ValueError as error:
            raise SystemExit(f"{page.relative_to(ROOT)}: {error}") from None
    text = "\n\n\n".join(filter(None, texts)) + "\n"
    ship_text(
        "text",
        text,
        origin=f"the prose of {len(chapters)} pages of this book",
        licence="CC BY 4.0, like the book",
        made="scripts/datasets/make_text.py; code, directives, tables and long formulas left out",
    )


if __name__ == "__main__":
    main()
