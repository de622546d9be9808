"""Feedback pages that say what went wrong and keep the hidden tests hidden.

`nbgrader generate_feedback` renders the autograded notebook, and in that notebook the hidden
tests stand again in their cells, tracebacks quote them, and a student's function may print or
raise whatever it was called with. `HideTests` therefore builds every output of the page anew
from what the instructor wrote: a message appears only if it is a string in the test cell.
"""

import ast
import builtins
import re
import textwrap
from collections.abc import Iterator

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.preprocessors import ClearHiddenTests
from nbgrader.utils import is_grade, is_solution
from traitlets import List

NO_ANSWER = "There is no answer to this task yet."
TIMED_OUT = "Your code took longer than the time limit. Does a loop never end?"
FAILED = "Your answer did not pass this test."
ADVICE = (
    "Run this test in your own notebook to see the line. If it passes there, call your function "
    "with other inputs that the task allows: other numbers, other shapes."
)
# Bounds the time that a pattern can take on a text that a student's code has made up.
LONGEST_MESSAGE = 2_000
MORE_TESTS = "# More tests of this kind ran here, on other inputs."


class HideTests(ClearHiddenTests):
    """A step of `generate_feedback` that removes hidden tests and everything that could show them.

    - Hidden regions leave the source of the test cells.
    - A failed test cell shows one message. It is a string from the test cell's own source, so that
      a function that raises its inputs tells nothing. Values that an f-string inserts become "…".
    - All other outputs go, also those of the student's own cells: a cell near the end can print
      what a function saw while it was tested, and an earlier one can be updated from afar.

    Configure it in `nbgrader_config.py`, after `GetGrades`::

        c.GenerateFeedback.preprocessors = [GetGrades, HideTests, CSSHTMLHeaderPreprocessor]

    The delimiters are those of nbgrader's `ClearHiddenTests`.
    """

    # nbgrader's base class hides this option, and the HTML exporter configures it for every step.
    display_data_priority = List().tag(config=True)

    def preprocess(
        self, nb: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Clean every cell; called by nbconvert's exporter."""
        # The state of widgets is an output too, kept beside the cells.
        nb.metadata.pop("widgets", None)
        return super().preprocess(nb, resources)

    def preprocess_cell(
        self, cell: NotebookNode, resources: ResourcesDict, cell_index: int
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Clean one cell; called by `preprocess`."""
        if cell.cell_type != "code":
            return cell, resources
        outputs, cell.outputs = cell.outputs, []
        if not is_grade(cell) or is_solution(cell):
            return cell, resources
        message = explain(cell.source, outputs)
        if message is not None:
            text = textwrap.fill(message, 88, break_on_hyphens=False, break_long_words=False)
            cell.outputs = [
                new_output("error", ename="Failed", evalue=message, traceback=text.split("\n"))
            ]
        shown = cell.source
        cell, resources = super().preprocess_cell(cell, resources, cell_index)
        if cell.source != shown:
            cell.source = f"{cell.source.rstrip()}\n\n{MORE_TESTS}"
        return cell, resources


def explain(source: str, outputs: list[NotebookNode]) -> str | None:
    """Say why a test cell with these outputs gets no points.

    Parameters
    ----------
    source : str
        The test cell, hidden tests included.
    outputs : list of NotebookNode
        What the cell put out when it was graded.

    Returns
    -------
    str or None
        None if nothing failed. nbgrader's rule decides: an error, or anything on stderr.

    Examples
    --------
    >>> source = "assert double(21) == 42, 'this is the square: multiply by 2'"
    >>> failed = new_output("error", ename="AssertionError",
    ...                     evalue="this is the square: multiply by 2", traceback=[])
    >>> explain(source, [failed])
    'this is the square: multiply by 2'
    >>> told = new_output("error", ename="AssertionError", evalue="the input was 21", traceback=[])
    >>> "21" in explain(source, [told])
    False
    >>> explain(source, []) is None
    True
    """
    for output in outputs:
        if output.output_type == "error":
            return _explain_error(source, output.ename, output.evalue)
        if output.output_type == "stream" and output.name == "stderr":
            kind = re.search(r"\b(\w+Warning)\b", output.text)
            known = kind is not None and _is_builtin(kind[1], Warning)
            what = f"a {kind[1]}" if kind is not None and known else "a warning or another text"
            return f"Your code wrote {what} to stderr. A test must run without any. {ADVICE}"
    return None


def _explain_error(source: str, ename: str, evalue: str) -> str:
    if ename == "NotImplementedError":
        return NO_ANSWER
    if ename == "CellTimeoutError":
        return TIMED_OUT
    if ename == "AssertionError":
        for pattern, message in _messages(source):
            if len(evalue) <= LONGEST_MESSAGE and pattern.fullmatch(evalue):
                return message
        return f"{FAILED} {ADVICE}"
    if _is_builtin(ename, Exception):
        return f"{FAILED} It stopped with an error of the kind {ename}. {ADVICE}"
    return f"{FAILED} It stopped with an error. {ADVICE}"


def _messages(source: str) -> Iterator[tuple[re.Pattern[str], str]]:
    """Yield each string of the source as a pattern to recognize it and as the text to show."""
    inside_f_strings: set[ast.AST] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr):
            inside_f_strings.update(node.values)
            parts = [v.value if isinstance(v, ast.Constant) else None for v in node.values]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if node in inside_f_strings:
                continue
            parts = [node.value]
        else:
            continue
        if not any(parts):
            continue
        pattern = "".join(".*" if part is None else re.escape(str(part)) for part in parts)
        text = "".join("…" if part is None else str(part) for part in parts)
        yield re.compile(pattern, re.DOTALL), text


def _is_builtin(name: str, kind: type[BaseException]) -> bool:
    found = getattr(builtins, name, None)
    return isinstance(found, type) and issubclass(found, kind)
