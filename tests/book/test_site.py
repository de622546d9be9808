"""What the built site holds, seen without a browser."""

import functools
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import nbformat
import pytest

from .conftest import chapters, pages


class Page(HTMLParser):
    """The parts of a page that these tests ask for."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.images: list[dict[str, str | None]] = []
        self.links: list[str] = []
        self.resources: list[str] = []
        self.anchors: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.anchors.update(given[key] for key in ("id", "name") if given.get(key))
        if tag == "img":
            self.images.append(given)
        elif tag == "a" and given.get("href"):
            self.links.append(given["href"])
        elif tag == "script" and given.get("src"):
            self.resources.append(given["src"])
        elif tag == "link" and given.get("href") and "stylesheet" in (given.get("rel") or ""):
            self.resources.append(given["href"])


@functools.cache
def parsed(path: Path) -> Page:
    """Read a page once: a chapter links the glossary dozens of times."""
    return Page(path)


@pytest.mark.parametrize("name", pages())
def test_every_picture_says_what_it_shows(site, name):
    images = parsed(site / name).images
    silent = [image["src"][:80] for image in images if len(image.get("alt") or "") < 10]
    assert not silent


@pytest.mark.parametrize("name", pages())
def test_scripts_and_styles_come_from_the_site_itself(site, name):
    page = parsed(site / name)
    for address in page.resources:
        assert not urlsplit(address).netloc, address
        assert (site / name).parent.joinpath(unquote(urlsplit(address).path)).exists(), address


@pytest.mark.parametrize("name", pages())
def test_every_link_within_the_site_leads_somewhere(site, name):
    for link in parsed(site / name).links:
        if urlsplit(link).scheme:
            continue
        address, anchor = urldefrag(link)
        target = (site / name).parent / unquote(urlsplit(address).path) if address else site / name
        assert target.exists(), link
        if anchor and target.suffix == ".html":
            assert unquote(anchor) in parsed(target.resolve()).anchors, link


@pytest.mark.parametrize("name", chapters())
def test_a_chapter_can_be_downloaded_launched_and_edited(site, name):
    links = parsed(site / name).links
    assert any(link.endswith(".ipynb") and "_sources" in link for link in links)
    assert any("mybinder.org" in link and name.replace(".html", ".md") in link for link in links)
    assert any("/edit/" in link and name.replace(".html", ".md") in link for link in links)


@pytest.mark.parametrize("name", chapters())
def test_a_downloaded_chapter_has_its_code_and_nothing_of_the_build(site, name):
    notebook = nbformat.read(site / "_sources" / name.replace(".html", ".ipynb"), as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert len(code) >= 6
    assert not any(cell.outputs for cell in code)
    assert "widgets" not in notebook.metadata


def test_every_frame_is_named_by_its_content(site):
    import hashlib

    frames = list((site / "_static" / "frames").iterdir())
    assert frames
    for frame in frames:
        assert frame.stem == hashlib.sha256(frame.read_bytes()).hexdigest()[:20]


def test_frames_are_never_inlined(site):
    for name in pages():
        assert "data:image/webp" not in (site / name).read_text(encoding="utf-8")


def test_the_quiz_answers_without_javascript(site):
    html = (site / "book/architecture/neurons.html").read_text(encoding="utf-8")
    stand_in = re.search(r'data-kind="quiz">(.*?)</ol>', html, re.S).group(1)
    assert stand_in.count("<details>") >= 10
