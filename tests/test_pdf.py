"""The page that is printed as the book's PDF."""

from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup

ROOT = Path(__file__).parents[1]

REPOSITORY = "https://example.org/course"
PAGE = """<html><head>{head}</head><body><nav>menu</nav>
<span id="document-book/architecture/neurons"></span>
<div class="course-widget" data-kind="{kind}"><img src="frame.webp" loading="lazy"></div>
</body></html>"""


@pytest.fixture
def prepare(load_script):
    return load_script("make_pdf").prepare


@pytest.mark.parametrize(
    ("head", "address"),
    [
        (
            '<meta property="og:url" content="https://course.example.org/book/index.html">',
            "https://course.example.org/book/architecture/neurons.html",
        ),
        ("", "https://example.org/course/blob/main/book/architecture/neurons.md"),
    ],
)
def test_below_each_demo_stands_where_it_moves(prepare, head, address):
    """The note was once looked for below widgets of a kind that doesn't exist, and never stood."""
    from course_lib.demos import Explorer

    page = BeautifulSoup(
        prepare(PAGE.format(head=head, kind=Explorer.kind), REPOSITORY), "html.parser"
    )
    (link,) = page.find_all("a")
    assert link["href"] == link.text == address
    assert link.find_previous("img") is not None


def test_style_sheets_are_found_from_the_printed_page(prepare):
    """The whole book was once printed without any style."""
    head = '<link rel="stylesheet" href="../_static/course-page.css?v=1">'
    page = BeautifulSoup(prepare(PAGE.format(head=head, kind="quiz"), REPOSITORY), "html.parser")
    assert page.link["href"] == "_static/course-page.css?v=1"


def test_demos_are_plain_pictures_for_the_printer_too():
    """They were once handed over as live widgets, which paper doesn't show."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    overrides = config["sphinx"]["config"]["nb_mime_priority_overrides"]
    assert {row[0] for row in overrides} == {"html", "singlehtml"}


def test_what_serves_a_screen_only_is_left_out(prepare):
    page = BeautifulSoup(prepare(PAGE.format(head="", kind="quiz"), REPOSITORY), "html.parser")
    assert page.nav is None
    assert not page.find_all("a")
    assert "loading" not in page.img.attrs
