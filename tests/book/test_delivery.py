"""One style sheet, scripts that wait, figures that keep their place: what the pages are made to."""

import re
import sys
from pathlib import Path

import pytest
from PIL import Image

from .conftest import ROOT

sys.path.insert(0, str(ROOT / "book" / "_ext"))
from course_site.delivery import SCRIPT, STYLE, THEME_SCRIPT, deliver, spare_layout
from course_site.images import with_sizes

HEAD = """\
<html data-theme="auto"><head><title>A page</title>
<script data-cfasync="false">
    document.documentElement.dataset.theme = localStorage.getItem("theme") || "auto";
</script>
<link href="../_static/styles/theme.css?digest=1" rel="stylesheet" />
<link rel="stylesheet" type="text/css" href="../_static/basic.css?v=1" />
<link rel="stylesheet" href="../_static/mystnb.0a1b.css" />
<link rel="stylesheet" href="../_static/an-authors-own.css" />
<script src="../_static/documentation_options.js?v=1"></script>
<script src="../_static/doctools.js?v=1"></script>
<script>DOCUMENTATION_OPTIONS.pagename = 'a';</script>
<script src="../_static/an-authors-own.js"></script>
<script type="application/json">{"kept": true}</script>
<script src="../_static/searchtools.js"></script>
<script src="../searchindex.js"></script>
</head>
"""


@pytest.fixture
def lightened(tmp_path):
    """Deliver a small site; gives its root and a function that returns a page of it."""
    static = tmp_path / "_static"
    for name, content in {
        "basic.css": "a { color: red }",
        "styles/pydata-sphinx-theme.css": (
            '@charset "UTF-8";.fa-x:before{content:"\\f0"}.fa-x,.fa-y:before{--fa:"\\f1"}'
            '.menu .fa-x:before{content:"\\f0"}.fa-lg{color:blue}'
            'b{background:url("data:image/svg+xml,%3Csvg")}i{background:url(../vendor/x.woff2)}'
        ),
        "mystnb.0a1b.css": "a { color: green }",
        "course.css": 'a { background: url("logo.svg") }',
        "documentation_options.js": "const DOCUMENTATION_OPTIONS = {};",
        "doctools.js": "const doctools = 1 // no semicolon, and a comment",
        "copybutton.js": "const copy = doctools",
        THEME_SCRIPT: (
            "b.forEach(e=>{e.tabIndex=e.scrollWidth>e.clientWidth||"
            "e.scrollHeight>e.clientHeight?0:-1})"
        ),
    }.items():
        (static / name).parent.mkdir(parents=True, exist_ok=True)
        (static / name).write_text(content)

    def page(body: str) -> str:
        path = tmp_path / "book" / "a.html"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{HEAD}<body>{body}</body></html>")
        deliver(tmp_path)
        return path.read_text()

    return tmp_path, page


def test_the_joint_style_keeps_order_addresses_and_all_but_signs_of_icon_fonts(lightened):
    root, page = lightened
    page('<p class="menu"><i class="fa-x fa-lg"></i></p>')
    style = (root / "_static" / STYLE).read_text()
    assert style.index("red") < style.index("blue") < style.index("green") < style.index("logo.svg")
    assert 'url("data:image/svg+xml,%3Csvg")' in style
    assert "url(styles/../vendor/x.woff2)" in style
    # A rule below a parent once lost its second half, and the parent took the next rule's place.
    assert '.menu .fa-x:before{content:"\N{LATIN SMALL LETTER ETH}"}\n.fa-lg{color:blue}' in style
    assert "--fa" not in style
    assert "@charset" not in style


def test_scripts_that_are_joined_do_not_run_into_each_other(lightened):
    root, page = lightened
    page("")
    script = (root / "_static" / SCRIPT).read_text()
    assert "comment\n;\nconst copy" in script


def test_the_theme_leaves_measuring_to_us_and_a_theme_that_changed_is_warned_of(
    lightened, monkeypatch
):
    root, page = lightened
    page("")
    theme = root / "_static" / THEME_SCRIPT
    assert theme.read_text() == "b.forEach(e=>{courseBox(e)})"
    assert "function courseBox(" in (root / "_static" / SCRIPT).read_text()
    said = []
    monkeypatch.setattr("course_site.delivery.logger.warning", lambda *args: said.append(args))
    spare_layout(root / "_static")
    assert not said
    theme.write_text("b.forEach(e=>{e.tabIndex=0})")
    spare_layout(root / "_static")
    assert len(said) == 1


def test_a_page_asks_for_the_joint_files_and_for_what_an_author_added(lightened):
    _, page = lightened
    html = page("")
    assert html.count('rel="stylesheet"') == 2
    assert f'href="../_static/{STYLE}?v=' in html
    assert "an-authors-own.css" in html
    assert f'<script defer src="../_static/{SCRIPT}?v=' in html
    assert "an-authors-own.js" in html
    assert "doctools.js" not in html
    assert "searchindex" not in html
    assert '<script type="application/json">{"kept": true}</script>' in html


def test_inline_scripts_keep_their_order_and_come_before_the_style(lightened):
    _, page = lightened
    html = page("")
    options = html.index("const DOCUMENTATION_OPTIONS")
    settled = html.index("matchMedia")
    assert options < settled < html.index("DOCUMENTATION_OPTIONS.pagename") < html.index(STYLE)


def test_only_the_page_that_searches_gets_the_index_and_it_waits(lightened):
    _, page = lightened
    html = page('<div id="search-results"></div>')
    assert '<script defer src="../searchindex.js">' in html
    assert html.index(SCRIPT) < html.index("searchtools.js") < html.index("searchindex.js")


def test_the_font_of_formulas_is_asked_for_early_where_there_are_formulas(lightened):
    _, page = lightened
    assert "preload" not in page("")
    assert "../_static/fonts/course-math.woff2" in page("<math></math>")


def test_a_page_that_was_delivered_is_left_alone(lightened):
    root, page = lightened
    once = page("")
    deliver(root)
    assert (root / "book" / "a.html").read_text() == once


def test_a_page_that_was_delivered_gets_the_style_that_another_page_needs(lightened):
    root, page = lightened
    once = page("")
    (root / "b.html").write_text('<head></head><i class="fa-lg"></i>')
    deliver(root)
    again = (root / "book" / "a.html").read_text()
    version = rf"/{STYLE}\?v=(\w+)"
    assert re.sub(version, "", again) == re.sub(version, "", once)
    assert re.findall(version, again) != re.findall(version, once)
    assert ".fa-lg" in (root / "_static" / STYLE).read_text()


def test_a_figure_keeps_its_place_until_it_arrives(tmp_path: Path):
    Image.new("RGB", (30, 20)).save(tmp_path / "a figure.png")
    bare = '<img loading="lazy" alt="a &gt; b" src="a%20figure.png" />'
    sized = with_sizes(bare, tmp_path)
    assert (
        sized == '<img width="30" height="20" loading="lazy" alt="a &gt; b" src="a%20figure.png" />'
    )
    assert with_sizes(sized, tmp_path) == sized
    for other in ('<img style="width: 50%" src="a%20figure.png" />', '<img src="missing.png" />'):
        assert with_sizes(other, tmp_path) == other
