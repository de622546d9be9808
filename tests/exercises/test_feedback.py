"""What a feedback page may say about a failed test."""

import pytest
from course_grader.feedback import ADVICE, NO_ANSWER, TIMED_OUT, HideTests, explain
from course_grader.feedback_page import FeedbackPage
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

SOURCE = """
def check(x, expected):
    assert f(x) != 1, 'this is one'
    assert f(x) == expected, f'expected {expected}, for {x!r}'

check(1, 2)
### BEGIN HIDDEN TESTS
check(4711, 4712)
### END HIDDEN TESTS
"""
MARKS = {"grade": True, "solution": False, "locked": True, "grade_id": "f-value", "points": 1}


def error(ename: str, evalue: str) -> NotebookNode:
    return new_output("error", ename=ename, evalue=evalue, traceback=["in line 9: check(4711)"])


def clean(*cells: NotebookNode) -> NotebookNode:
    notebook = new_notebook(cells=list(cells), metadata={"widgets": {"state": "4711"}})
    return HideTests().preprocess(notebook, {})[0]


def test_values_in_a_message_become_dots() -> None:
    told = explain(SOURCE, [error("AssertionError", "expected 4712, for 4711")])
    assert told == "expected …, for …"


@pytest.mark.parametrize("ename", ["AssertionError", "ValueError", "E4711"])
def test_a_message_of_the_students_own_making_is_not_shown(ename: str) -> None:
    told = explain(SOURCE, [error(ename, "look: 4711")])
    assert told is not None
    assert "4711" not in told
    assert ADVICE in told


def test_an_error_of_a_known_kind_is_named() -> None:
    assert "ZeroDivisionError" in str(explain(SOURCE, [error("ZeroDivisionError", "4711")]))


def test_missing_answers_and_endless_loops_are_told_apart() -> None:
    assert explain(SOURCE, [error("NotImplementedError", "")]) == NO_ANSWER
    assert explain(SOURCE, [error("CellTimeoutError", "")]) == TIMED_OUT


def test_a_warning_is_named_without_its_text() -> None:
    text = "<ipython>:3: RuntimeWarning: overflow at 4711"
    told = explain(SOURCE, [new_output("stream", name="stderr", text=text)])
    assert told is not None
    assert "a RuntimeWarning" in told
    assert "4711" not in told


def test_a_page_keeps_visible_tests_and_answers_and_drops_the_rest() -> None:
    answer = new_code_cell("def f(x): ...", outputs=[new_output("stream", text="saw 4711")])
    test = new_code_cell(
        SOURCE,
        metadata={"nbgrader": MARKS},
        outputs=[
            new_output("stream", text="called with 4711"),
            error("AssertionError", "this is one"),
        ],
    )
    page = clean(answer, test)
    assert "4711" not in str(page)
    assert page.cells[0].source == answer.source
    assert "check(1, 2)" in page.cells[1].source
    assert page.cells[1].outputs[0].traceback == ["this is one"]


def test_a_student_who_writes_the_delimiters_breaks_nothing() -> None:
    own = new_code_cell("### BEGIN HIDDEN TESTS")
    assert clean(own).cells[0].source == own.source


def page_of(markdown: str) -> str:
    return FeedbackPage().from_notebook_node(new_notebook(cells=[new_markdown_cell(markdown)]))[0]


@pytest.mark.parametrize(
    ("markdown", "display"),
    [
        (r"so $\beta$ is", "inline"),
        (r"$$ \beta $$", "block"),
        ("\\begin{align*}\na &= \\beta\n\\end{align*}", "block"),
    ],
)
def test_formulas_are_drawn_without_a_script(markdown: str, display: str) -> None:
    page = page_of(markdown)
    assert f'display="{display}"' in page
    assert "<mi>β</mi>" in page
    assert "$" not in page[page.index("<body") :]


def test_what_is_no_formula_stays_as_the_student_wrote_it() -> None:
    assert "<code>\\nonsense &lt; 1</code>" in page_of(r"$\nonsense < 1$")


def test_a_page_loads_nothing_and_runs_nothing() -> None:
    page = page_of("Look: <script>alert(1)</script> $x$")
    assert "<script" not in page
    assert "src=" not in page
