"""Formulas as the site's converter writes them."""

import sys
from pathlib import Path

import pytest
from docutils import nodes

sys.path.insert(0, str(Path(__file__).parents[2] / "book" / "_ext"))
from course_site.mathml import to_mathml


@pytest.fixture
def warnings(monkeypatch):
    said = []
    monkeypatch.setattr("course_site.mathml.logger.warning", lambda *args, **_: said.append(args))
    return said


def test_aligned_lines_become_rows_of_a_table(warnings):
    """The first chapter once showed `error & = target − y` on one line, ampersands and all."""
    latex = "\\begin{aligned}\ny &= a + b \\\\\n  &= c\n\\end{aligned}"
    mathml = to_mathml(nodes.math_block(), latex, "block")
    assert mathml.count("<mtr>") == 2
    assert "&<" not in mathml
    assert not warnings


@pytest.mark.parametrize("latex", [r"y &= a", r"\unknowncommand x", r"\frac{1}{2"])
def test_a_formula_that_would_be_shown_wrong_is_warned_of(latex, warnings):
    to_mathml(nodes.math_block(), latex, "block")
    assert warnings
