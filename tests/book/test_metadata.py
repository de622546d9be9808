"""What a shared link shows: each page describes itself, and its picture is there."""

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from PIL import Image

from .conftest import ROOT, chapters, pages

sys.path.insert(0, str(ROOT / "book" / "_ext"))
from course_site.metadata import CARD, CARD_SIZE, LONGEST, address, shorten


class Head(HTMLParser):
    """The title, the links and the meta elements of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.title, self.in_title = "", False
        self.meta: dict[str, list[str]] = {}
        self.icons: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        self.in_title = tag == "title" and not self.title
        if tag == "meta":
            key = given.get("name") or given.get("property") or given.get("http-equiv")
            self.meta.setdefault(str(key).lower(), []).append(given.get("content") or "")
        if tag == "link" and given.get("rel") == "icon":
            self.icons.append(given.get("href") or "")

    def handle_endtag(self, tag: str) -> None:
        self.in_title = self.in_title and tag != "title"

    def handle_data(self, data: str) -> None:
        if self.in_title:
            self.title += data

    def only(self, key: str) -> str:
        (value,) = self.meta[key]
        return value


@pytest.mark.parametrize("name", pages())
def test_a_page_says_what_it_is_when_it_is_shared(site, name):
    head = Head(site / name)
    description = head.only("description")
    assert 40 < len(description) <= LONGEST
    assert not re.search(r"[\\<>{}]|  ", description)
    assert head.only("og:description") == description
    assert head.title.startswith(head.only("og:title"))
    assert head.only("og:site_name") == "Principles of Neural Networks"
    assert head.only("twitter:card") == "summary_large_image"
    assert head.only("og:url").endswith(f"/{name}")
    assert len(head.only("og:image:alt")) > 20


def test_every_chapter_is_described_in_its_own_words(site):
    described = {Head(site / name).only("description") for name in [*chapters(), "book/index.html"]}
    assert len(described) == len(chapters()) + 1


@pytest.mark.parametrize(
    "name", ["index.html", "book/index.html", "book/architecture/neurons.html"]
)
def test_the_picture_of_a_shared_link_is_part_of_the_site(site, name):
    head = Head(site / name)
    repository = yaml.safe_load((ROOT / "_config.yml").read_text())["repository"]["url"]
    project = repository.rstrip("/").rsplit("/", 1)[1]
    published, _, path = head.only("og:image").partition(f"/{project}/")
    assert published.startswith("https://")
    assert head.only("og:url").startswith(f"{published}/{project}/")
    picture = site / path
    assert picture.stat().st_size < 120_000
    with Image.open(picture) as image:
        given = head.only("og:image:width"), head.only("og:image:height")
        assert given == tuple(map(str, image.size)) == tuple(map(str, CARD_SIZE))


def test_the_front_door_tells_what_the_landing_page_tells(site):
    door, landing = Head(site / "index.html"), Head(site / "book/index.html")
    assert door.title == landing.title == "Principles of Neural Networks"
    assert door.only("description") == landing.only("description")
    assert "book/index.html" in door.only("refresh")


@pytest.mark.parametrize("name", pages())
def test_every_page_has_the_icon(site, name):
    (icon,) = Head(site / name).icons
    assert (site / name).parent.joinpath(icon).resolve().is_file()


def config(repository: str, baseurl: str = "") -> SimpleNamespace:
    return SimpleNamespace(html_baseurl=baseurl, html_theme_options={"repository_url": repository})


@pytest.mark.parametrize(
    ("repository", "baseurl", "published"),
    [
        ("https://github.com/Ada/course", "", "https://ada.github.io/course/"),
        ("https://github.com/ada/course/", "", "https://ada.github.io/course/"),
        ("https://github.com/ada/Ada.github.io", "", "https://ada.github.io/"),
        ("https://github.com/ada/course", "https://nets.example", "https://nets.example/"),
        ("https://git.example/ada/course", "", ""),
        ("", "", ""),
    ],
)
def test_the_sites_address_follows_from_the_configuration(repository, baseurl, published):
    assert address(config(repository, baseurl)) == published


def test_a_description_ends_with_a_sentence_or_else_with_a_word():
    assert shorten("One. Two is longer. Three.", 20) == "One. Two is longer."
    assert shorten("A single sentence of many words.", 20) == "A single sentence …"
    assert shorten("Short.") == "Short."
    assert shorten("") == ""


def test_the_card_is_kept_where_the_pages_look_for_it():
    assert (ROOT / "book" / CARD).is_file()
