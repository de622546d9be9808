"""Bold terms lead to the glossary, once a page."""

import io
import re
import sys
from pathlib import Path

import pytest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

from .conftest import ROOT, chapters

sys.path.insert(0, str(Path(__file__).parents[2] / "book" / "_ext"))
from course_site import terms

GLOSSARY = """\
# Glossary

```{glossary}
bias
  A number.

batch
  Examples.

hidden layer
  A layer.

Jacobian
  A matrix.

Amdahl's law
  A bound.
```
"""
CHAPTER = """\
# Neurons, and the **bias** of a title

A **bias** is added. The **bias** again. See [the **batch**](https://example.org). Two **hidden
layers**, three **Biases**, many **batches**, the **jacobian**, *bias*, **Amdahl's law**.

This is **important**, and **unlisted** is no term.
"""


class Project:
    """A small book with one chapter, one other page, and a glossary."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write("index.md", "# Book\n\n```{toctree}\n:glob:\n\nbook/*\nbook/*/*\n```\n")
        self.write("book/glossary.md", GLOSSARY)
        self.write("book/how-to-use.md", "# Use\n\nThe **bias**.\n")
        self.write("book/architecture/neurons.md", CHAPTER)
        self.write("book/conclusion/next-steps.md", "# Next\n\nThe **bias**.\n")

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def build(self) -> str:
        """Build what is out of date; return the warnings."""
        warnings = io.StringIO()
        out = self.folder / "_build"
        with docutils_namespace():
            app = Sphinx(
                self.folder, None, out / "html", out / "doctrees", "html",
                {"extensions": ["myst_parser", "course_site.terms"], "html_theme": "basic"},
                status=None, warning=warnings,
            )  # fmt: skip
            app.build()
        return warnings.getvalue()

    def page(self, name: str) -> Path:
        return self.folder / "_build" / "html" / f"{name}.html"

    def links(self, name: str) -> list[tuple[str, str]]:
        """List address and text of the glossary's links on a page."""
        page = self.page(name).read_text(encoding="utf-8")
        found = re.findall(r'<a [^>]*href="([^"]*#term-[^"]*)"[^>]*>(.*?)</a>', page, re.S)
        return [(address, " ".join(text.split())) for address, text in found]


@pytest.fixture
def project(tmp_path) -> Project:
    return Project(tmp_path)


def test_the_first_bold_use_of_each_term_leads_to_the_glossary_and_stays_bold(project):
    assert project.build() == ""
    assert project.links("book/architecture/neurons") == [
        ("../glossary.html#term-bias", "<strong>bias</strong>"),
        ("../glossary.html#term-hidden-layer", "<strong>hidden layers</strong>"),
        ("../glossary.html#term-batch", "<strong>batches</strong>"),
        ("../glossary.html#term-Jacobian", "<strong>jacobian</strong>"),
        ("../glossary.html#term-Amdahl-s-law", "<strong>Amdahl’s law</strong>"),
    ]


def test_every_wing_has_links_and_no_page_outside_of_them(project):
    project.build()
    assert project.links("book/conclusion/next-steps")
    assert project.links("book/how-to-use") == []


def test_a_new_term_of_the_glossary_is_linked_from_chapters_that_did_not_change(project):
    project.build()
    project.write(
        "book/glossary.md", GLOSSARY.replace("Jacobian", "important\n  What matters.\n\nJacobian")
    )
    project.build()
    added = ("../glossary.html#term-important", "<strong>important</strong>")
    assert added in project.links("book/architecture/neurons")


def test_a_chapter_is_left_alone_when_no_term_has_changed(project):
    project.build()
    chapter = project.page("book/architecture/neurons")
    written = chapter.stat().st_mtime_ns
    project.write("book/how-to-use.md", "# Use\n\nOther words.\n")
    project.build()
    assert chapter.stat().st_mtime_ns == written


def bold(source: str) -> set[str]:
    prose = re.sub(r"```.*?```", "", source, flags=re.S)
    found = re.findall(r"\*\*([^*]+?)\*\*", prose)
    return {spelling for text in found for spelling in terms.spellings(text)}


def test_every_term_of_the_glossary_is_set_in_bold_where_a_chapter_introduces_it():
    glossary = (ROOT / "book/glossary.md").read_text(encoding="utf-8").split("{glossary}\n")[1]
    listed = {line.lower() for line in glossary.splitlines() if re.match(r"[^\s:]", line)}
    sources = [path for folder in terms.FOLDERS for path in (ROOT / folder).glob("*.md")]
    introduced = set().union(*(bold(path.read_text(encoding="utf-8")) for path in sources))
    assert len(listed) > 150
    assert listed - introduced == set()


def test_every_term_of_the_glossary_is_linked_from_a_chapter(site):
    glossary = (site / "book/glossary.html").read_text(encoding="utf-8")
    listed = set(re.findall(r'<dt id="(term-[^"]+)"', glossary))
    linked = set()
    for name in (*chapters(), "book/conclusion/applications.html"):
        page = (site / name).read_text(encoding="utf-8")
        anchors = re.findall(r'href="\.\./glossary\.html#(term-[^"]+)"', page)
        assert len(anchors) == len(set(anchors)), name
        linked |= set(anchors)
    assert len(listed) > 150
    assert listed - linked == set()
