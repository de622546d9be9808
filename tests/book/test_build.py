"""What the build refuses, and when it runs a chapter again: tried on books of one page."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import ROOT

FRONT_MATTER = """\
---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# A page

"""


def cell(code: str) -> str:
    return f"```{{code-cell}} ipython3\n{code}\n```\n\n"


@pytest.fixture
def book(tmp_path):
    """Make a book of one page that is built with our configuration and extension."""
    (tmp_path / "book").mkdir()
    shutil.copy(ROOT / "_config.yml", tmp_path)
    shutil.copytree(ROOT / "book/_ext", tmp_path / "book/_ext")
    shutil.copytree(ROOT / "book/_static", tmp_path / "book/_static")
    (tmp_path / "book/references.bib").touch()
    demos = tmp_path / "course_lib/demos"
    demos.mkdir(parents=True)
    for name in ("explore.js", "quiz.js", "widget.css"):
        shutil.copy(ROOT / "course_lib/demos" / name, demos)
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: book/index\n")
    return tmp_path


def build(book: Path, page: str) -> subprocess.CompletedProcess:
    (book / "book/index.md").write_text(FRONT_MATTER + page)
    command = [Path(sys.executable).with_name("jupyter-book"), "build", ".", "--warningiserror"]
    return subprocess.run(
        [*command, "--keep-going"], cwd=book, text=True, capture_output=True, check=False
    )


def test_a_cell_that_raises_fails_the_build(book):
    built = build(book, cell("1 / 0"))
    assert built.returncode != 0
    assert "ZeroDivisionError" in built.stdout + built.stderr


def test_what_a_static_page_could_not_show_is_refused_and_named(book):
    built = build(
        book,
        "Formulas $\\frac{1$, $\\left( x$, $a & b$ and $\\unheard{x}$, and a foreign widget:\n\n"
        + cell("import ipywidgets\nipywidgets.IntSlider()"),
    )
    said = " ".join((built.stdout + built.stderr).split())
    assert built.returncode != 0
    assert "cannot convert the formula '\\\\left( x'" in said
    assert "cannot convert all of the formula '\\\\frac{1'" in said
    assert "cannot convert all of the formula '\\\\unheard{x}'" in said
    assert "cannot convert all of the formula 'a & b'" in said
    assert "would stay dead on the static page" in said


def test_a_warning_on_standard_error_fails_the_build(book):
    built = build(book, cell("import warnings\nwarnings.warn('careless')"))
    assert built.returncode != 0
    assert "stderr was found" in built.stdout + built.stderr


def test_a_page_runs_again_exactly_when_it_or_the_library_changes(book):
    runs = book / "runs.txt"
    page = cell(f"with open({str(runs)!r}, 'a') as file:\n    _ = file.write('run ')")
    first = build(book, page)
    assert first.returncode == 0, first.stdout + first.stderr
    assert build(book, page).returncode == 0
    assert runs.read_text() == "run "
    (book / "course_lib/changed.py").write_text("x = 1\n")
    assert build(book, page).returncode == 0
    assert runs.read_text() == "run run "


def test_formulas_become_mathml_and_no_page_loads_mathjax(book):
    page = (
        "The sum $z = x W + b$, and\n\n$$\\sigma(z)$$ (label)\n\nsee {eq}`label`.\n\n"
        "$$\\begin{aligned} a &= b \\\\ c &= d \\end{aligned}$$\n"
    )
    built = build(book, page)
    assert built.returncode == 0, built.stdout + built.stderr
    html = (book / "_build/html/book/index.html").read_text()
    assert html.count("<math") == 3
    assert html.count("<mtr>") == 2
    assert 'href="#equation-label"' in html
    assert not re.search(r'src="[^"]*mathjax', html, re.IGNORECASE)
