"""Every chapter keeps the rhythm, and uses no sign or term that the back of the book lacks."""

import re
from pathlib import Path

import nbformat
import pytest

from .conftest import ROOT, chapters

SOURCES = [page.replace(".html", ".md") for page in chapters()]
CLOSING = ["Check yourself", "Common mistakes", "Summary", "Exercise", "Further reading"]

# Words of LaTeX that are no symbols of ours: layout, relations, operators, and the functions that
# school calculus knows.
PLAIN_LATEX = set(
    re.findall(
        r"\w+",
        """
        frac dfrac tfrac sqrt sum prod int max min log exp le ge ne cdot times dots ldots cdots quad
        qquad left right aligned cases approx lVert rVert lvert rvert tilde hat bar leftarrow to
        infty in over mathbf mathbb partial nabla big Big bigl bigr tanh ln prime neq leq geq
        Rightarrow Longrightarrow mapsto lim underbrace overbrace lfloor rfloor pm ll gg propto
        text texttt operatorname begin end underset textstyle circ odot pi top
        """,
    )
)


def without_code(text: str) -> str:
    return re.sub(r"```.*?```", "", text, flags=re.S)


def symbols(text: str) -> set[str]:
    """Collect the letters and the named signs of all formulas in a text."""
    text = without_code(text)
    formulas = re.findall(r"\$\$(.+?)\$\$", text, flags=re.S)
    formulas += re.findall(r"(?<!\$)\$([^$]+?)\$(?!\$)", text)
    found: set[str] = set()
    for formula in formulas:
        words = re.sub(r"\\(text|texttt|operatorname|mathrm|begin|end)\{[^}]*\}", " ", formula)
        found |= set(re.findall(r"\\([A-Za-z]+)", words)) - PLAIN_LATEX
        found |= set(re.findall(r"[A-Za-z]", re.sub(r"\\[A-Za-z]+", " ", words)))
    return found


def exercise_of(source: str) -> Path:
    wing, slug = source.removeprefix("book/").removesuffix(".md").split("/")
    return ROOT / "exercises" / "source" / wing / f"{slug.replace('-', '_')}.ipynb"


@pytest.fixture(params=SOURCES)
def chapter(request) -> tuple[str, str]:
    return request.param, (ROOT / request.param).read_text(encoding="utf-8")


def test_a_chapter_opens_with_a_picture_and_what_the_reader_will_be_able_to_do(chapter):
    _, text = chapter
    opening = text.split("\n## ")[0]
    assert re.search(r"^# ", opening, re.M)
    assert "```{code-cell}" in opening
    assert "You will be able to" in opening
    assert "**Before you start:**" in opening
    assert "**Time:**" in opening


def test_every_objective_names_a_task_that_the_exercise_has(chapter):
    source, text = chapter
    box = re.search(r"You will be able to\n:class: \w+\n(.*?)\*\*Before you start", text, re.S)[1]
    objectives = re.findall(r"^- (.*?)(?=^- |\Z)", box, re.S | re.M)
    assert 3 <= len(objectives) <= 5
    cells = nbformat.read(exercise_of(source), as_version=4).cells
    told = " ".join(cell.source for cell in cells if cell.cell_type == "markdown")
    for numbers in re.findall(r"tasks? (\d+(?:(?:,| and) \d+)*)", box):
        for number in re.findall(r"\d+", numbers):
            assert f"Task {number}" in told, f"the exercise has no task {number}"
    named = [objective for objective in objectives if re.search(r"\btasks? \d", objective)]
    assert len(named) >= len(objectives) - 1, objectives


def test_each_demo_stands_between_a_prediction_and_its_outcome(chapter):
    _, text = chapter
    parts = re.findall(r"\{admonition\} Predict|^explore\(|\{admonition\} What you saw", text, re.M)
    kinds = ["P" if "Predict" in p else "W" if "What" in p else "e" for p in parts]
    # Between the two there may also be a plain run that the reader watches.
    assert re.fullmatch(r"(Pe*W)+", "".join(kinds)), kinds
    assert "e" in kinds


def test_a_chapter_closes_with_questions_mistakes_summary_exercise_and_reading(chapter):
    _, text = chapter
    assert re.findall(r"^## (.*)$", text, re.M)[-len(CLOSING) :] == CLOSING
    sections = dict(re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", text, re.M | re.S))
    questions = re.findall(r"^    (?:choice|number)\(", sections["Check yourself"], re.M)
    assert 3 <= len(questions) <= 5
    assert len(re.findall(r"^\d\. ", sections["Summary"], re.M)) == 5
    assert len(re.findall(r"^- ", sections["Common mistakes"], re.M)) >= 4


def test_a_chapter_has_the_length_and_the_cells_that_a_sunday_bears(chapter):
    _, text = chapter
    prose = re.sub(r"^---.*?^---", "", without_code(text), count=1, flags=re.S | re.M)
    words = len(re.findall(r"\b[A-Za-z][\w'’-]+", re.sub(r"\$.*?\$", "", prose, flags=re.S)))
    assert 1_500 <= words <= 3_600, f"write 1,500 to 3,600 words of prose; there are {words:,}"
    for cell in re.findall(r"```\{code-cell\}.*?\n(.*?)```", text, re.S):
        if "quiz(" not in cell and "hide-input" not in cell:
            code = re.sub(r"^---.*?^---\n", "", cell, flags=re.S | re.M)
            assert all(len(line) <= 88 for line in code.splitlines()), code


def test_every_figure_says_what_it_shows(chapter):
    _, text = chapter
    for cell in re.findall(r"```\{code-cell\}.*?```", text, re.S):
        if re.search(r"plt\.subplots|plt\.figure", cell):
            assert "alt:" in cell, cell[:300]


def test_every_sign_is_in_the_notation(chapter):
    _, text = chapter
    known = symbols((ROOT / "book/notation.md").read_text(encoding="utf-8"))
    assert symbols(text) - known == set()


def test_every_term_is_in_the_glossary(chapter):
    """Bold words are terms; what is only stressed is set in italics."""
    _, text = chapter
    prose = re.sub(r":::\{admonition\} You will.*?:::", "", without_code(text), flags=re.S)
    glossary = (ROOT / "book/glossary.md").read_text(encoding="utf-8").lower()
    terms = {" ".join(term.split()) for term in re.findall(r"\*\*([a-z][^*]{2,40}?)\*\*", prose)}
    assert {term for term in terms if term.lower().rstrip("s") not in glossary} == set()
