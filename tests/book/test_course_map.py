"""The course map has a line for every idea and every chapter, and no empty place."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from .conftest import ROOT, chapters

LABELS = {"Chapter", "Library", "Demo", "Exercise", "Tests"}


class Entries(HTMLParser):
    """Collects the definition list of the map: idea → label → text."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, dict[str, str]] = {}
        self.depth, self.inside, self.idea, self.label = 0, "", "", ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag == "dl" and (self.depth or "course-map" in (dict(attributes).get("class") or "")):
            self.depth += 1
        if self.depth and tag in {"dt", "dd"}:
            self.inside = f"{tag}{self.depth}"
            if self.inside == "dt1":
                self.idea = ""
            if self.inside == "dt2":
                self.label = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "dl" and self.depth:
            self.depth -= 1
        if tag == "dt" and self.inside == "dt1":
            self.found[self.idea] = {}
        if tag == "dt" and self.inside == "dt2":
            self.found[self.idea][self.label.strip(": \n")] = ""

    def handle_data(self, data: str) -> None:
        if not self.depth:
            return
        if self.inside == "dt1":
            self.idea += data
        elif self.inside == "dt2":
            self.label += data
        elif self.inside == "dd2" and self.label:
            self.found[self.idea][self.label.strip(": \n")] += data


@pytest.fixture(scope="module")
def entries(site: Path) -> dict[str, dict[str, str]]:
    parser = Entries()
    parser.feed((site / "book" / "course-map.html").read_text(encoding="utf-8"))
    return parser.found


def test_every_idea_has_all_labels_and_nothing_empty(entries) -> None:
    assert entries
    for idea, places in entries.items():
        assert set(places) == LABELS, idea
        for label, text in places.items():
            assert text.strip(), f"{idea}: {label} is empty"


def test_every_chapter_serves_an_idea(entries) -> None:
    source = (ROOT / "book" / "course-map.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\| *([a-z]+/[a-z-]+)", source))
    there = {page.removeprefix("book/").removesuffix(".html") for page in chapters()}
    assert there <= named
    assert len(entries) == len(re.findall(r"^[^|`]+ \| [a-z]+/", source, re.MULTILINE))
