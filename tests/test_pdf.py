"""The page that is printed as the book's PDF."""

import pytest
from bs4 import BeautifulSoup

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


def test_what_serves_a_screen_only_is_left_out(prepare):
    page = BeautifulSoup(prepare(PAGE.format(head="", kind="quiz"), REPOSITORY), "html.parser")
    assert page.nav is None
    assert not page.find_all("a")
    assert "loading" not in page.img.attrs
