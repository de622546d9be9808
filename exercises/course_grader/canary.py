"""Canary cells: code that must pass and then must fail, around every graded cell.

A kernel in which assertions no longer assert, errors no longer count, or cells no longer run,
answers a canary wrongly; whatever it answered about the graded cell is then worth nothing.
The canaries' numbers are new each time, and the right answer is never in them.

No answer in time is not a wrong answer: such a canary runs once more, and then the notebook counts
as not checked, which is a failure to grade and no flag.
"""

import ast
import contextlib
import os
import random
import secrets
from collections.abc import Callable
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from course_grader.preprocessors import Interruption
from course_grader.words import words

_PROBES = (
    "assert {a} == {b}",
    "assert not {a}",
    "assert isinstance({a}, str)",
    "assert len([{a}, {b}]) == 3",
    "assert abs({a} - {b}) < 1e-9",
    "assert all([{a} > 0, {b} < 0])",
    "assert any([{a} < 0, {b} < 0])",
    "assert sum([{a}, {b}]) == {a}",
    "assert sorted([{b}, {a}]) == [{b}, {a}] == [{a}, {b}]",
    "assert max({a}, {b}) == min({a}, {b})",
    "assert type({a}) is float",
    "assert round({a} / 7, 3) == {b}",
    "assert hasattr({a}, 'v{b}')",
    "assert {{'k': {a}}}['k'] == {b}",
    "assert str({a}) == repr({b})",
    "raise AssertionError({a})",
)
_ARRAY_PROBES = (
    "{n}.testing.assert_allclose([{a}.0, 1.0], [{b}.0, 1.0])",
    "{n}.testing.assert_array_equal({n}.arange({a}), {n}.arange({a})[::-1])",
    "{n}.testing.assert_equal({a}, {b})",
    "{n}.testing.assert_almost_equal({a}.25, {b}.5)",
    "{n}.testing.assert_array_almost_equal([{a}.0], [{b}.0])",
    "{n}.testing.assert_array_less([{a}], [0])",
    "assert {n}.allclose([{a}.0, {b}.0], [{b}.0, {a}.0])",
    "assert {n}.array_equal([{a}], [{b}])",
    "assert {n}.isclose({a}.0, {b}.0)",
    "assert {n}.all({n}.array([{a}, 0]) == {n}.array([{b}, 0]))",
    "assert ({n}.array([{a}, {b}]) == {n}.array([{b}, {a}])).any()",
    "assert {n}.array_equiv([{a}, {b}], [{b}, {a}])",
    "assert {n}.isnan({n}.array([{a}.0])).any()",
    "assert {n}.max({n}.abs({n}.array([{a}.0 - {b}.0]))) < 1e-9",
    "assert {n}.zeros(({a}, 2)).shape == ({b}, 2)",
    "assert {n}.float64({a}).dtype == {n}.float32",
)
Canary = tuple[list[str], Callable[[list[NotebookNode]], bool]]
"""The lines of a canary, and what says whether its outputs are as they must be."""
_UNREADABLE = words("SyntaxError IndentationError TabError")
"""Errors of a cell that never began, so that no tripwire can have spoken; it earns no points."""
_PIPE_BYTES = 60_000  # a little less than Linux keeps in a pipe that nobody reads


class Watch:
    """Stands canaries around the graded cells of one notebook and collects what they find.

    Parameters
    ----------
    source : dict
        The instructor's version (`schema.SOURCE`); says whether tests use NumPy.
    given : list of str
        Files of the instructor's, whose code may run.
    """

    def __init__(self, source: dict[str, Any], given: list[str]) -> None:
        self.flags: list[str] = []
        self._graded = set(source["grades"])
        self._numpy = any("numpy" in cell["source"] for cell in source["cells"])
        self._random = random.Random(secrets.randbits(64))
        self._given = tuple(f"/{name}" for name in given)
        self._inside = False  # whether the cell before was graded too

    def around(self, execute: Any, cell: NotebookNode, index: int) -> None:
        """Run one cell of the notebook; canaries stand around each group of graded cells."""
        graded = self._is_graded(cell)
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if graded and not self._inside:
            self._sing(execute, index, name, "before")
        overdue = execute.overdue
        execute.execute_cell(cell, index, store_history=True)
        unread = any(output.get("ename") in _UNREADABLE for output in cell.get("outputs", []))
        ran = cell.cell_type == "code" and bool(cell.source.strip()) and not unread
        self._listen(execute, ran=ran and execute.overdue == overdue)
        if graded:
            self._check_results(cell, name)
            following = (c for c in execute.nb.cells[index + 1 :] if c.cell_type == "code")
            self._inside = self._is_graded(next(following, None))
            if not self._inside:
                self._sing(execute, index, name, "after")

    def _is_graded(self, cell: NotebookNode | None) -> bool:
        if cell is None or cell.cell_type != "code":
            return False
        return cell.metadata.get("nbgrader", {}).get("grade_id") in self._graded

    def _check_results(self, cell: NotebookNode, name: str) -> None:
        """Check that no result came out (nbgrader takes it for points) that the cell can't have."""
        results = [output for output in cell.outputs if output.output_type == "execute_result"]
        if not results:
            return
        last = (ast.parse(cell.source).body or [None])[-1]
        if len(results) > (1 if isinstance(last, ast.Expr) else 0):
            self._flag(f"'{name}' shows a result that it did not work out")

    def _sing(self, execute: Any, index: int, name: str, when: str) -> None:
        """Run a canary in the place of a cell, and put the cell back; flag a wrong answer.

        Raises
        ------
        Interruption
            If it did not finish, nor another one after it.
        """
        original = execute.nb.cells[index]
        for _ in range(2):
            lines, well = self._canary()
            cell, overdue = new_code_cell("\n".join(lines)), execute.overdue
            try:  # outside the history, so that the notebook's own cells keep their numbers
                execute.execute_cell(cell, index, store_history=False)
            finally:
                execute.nb.cells[index] = original
            finished = execute.overdue == overdue
            self._listen(execute, ran=finished)
            # The interrupt that stops a slow cell can come late, and then it stops the canary.
            late = overdue and any(o.get("ename") == "KeyboardInterrupt" for o in cell.outputs)
            if finished and not late:
                if not well(cell.outputs):
                    self._flag(f"{when} '{name}', a cell that must pass and then fail did not")
                return
        raise Interruption(
            f"not checked: the kernel did not answer in time around '{name}' "
            "(a busy machine, or code that does not end)"
        )

    def _listen(self, execute: Any, *, ran: bool) -> None:
        """Take in what the tripwires say (see `tripwire`); each cell must make them speak."""
        said = b""
        with contextlib.suppress(BlockingIOError):
            while part := os.read(execute.km.forked.alarm, 1 << 16):
                said += part
        for line in said.split(b"\n"):
            reason = line.lstrip(b".").decode(errors="replace")
            harmless = "run from the file" in reason and reason.endswith(self._given or "\n")
            if reason.startswith("!") and not harmless and len(self.flags) < 100:
                self._flag("".join(c if c.isprintable() else "?" for c in reason[1:200]))
        if len(said) > _PIPE_BYTES:
            self._flag("the tripwires in the kernel were drowned")  # an alarm may be lost
        elif ran and b"." not in said:
            self._flag("the tripwires in the kernel fell silent")

    def _canary(self) -> Canary:
        """Make a cell in which a true statement passes, a line comes out, and all else fails.

        A dozen ways to fail are counted; the cell itself then fails with a number made of them.
        """
        a, b = self._random.randrange(10**5, 10**6), self._random.randrange(10**5, 10**6)
        factor, code = self._random.randrange(3, 999), self._random.randrange(10**8, 10**9)
        function, array, count, error = (self._name() for _ in range(4))
        probes = self._probes()
        lines = [f"assert {a} + 1 == {a + 1}", f"print({a} * {b})"]
        lines += [f"def {function}():", f"    {count} = 0"]
        if self._numpy:
            lines.append(f"    import numpy as {array}")
        for probe in probes:
            lines += ["    try:", f"        {probe.replace('{n}', array)}"]
            lines += ["    except AssertionError:", f"        {count} += 1"]
        lines += [
            f"    {error} = AssertionError({count} * {factor} + {code})",
            f"    {error}._render_traceback_ = lambda: ['']",  # a full one would cost more than all
            f"    raise {error}",
            f"{function}()",
        ]
        wanted = ("AssertionError", str(len(probes) * factor + code))

        def well(outputs: list[NotebookNode]) -> bool:
            # A slow kernel sends one line in pieces, and what an earlier process wrote comes late.
            said = "".join(o.text for o in outputs if o.get("name") == "stdout")
            errors = [(o.ename, o.evalue) for o in outputs if o.output_type == "error"]
            kinds = {output.output_type for output in outputs}
            return errors == [wanted] and str(a * b) in said and kinds == {"stream", "error"}

        return lines, well

    def _probes(self) -> list[str]:
        chosen = self._random.sample(_PROBES, 6)
        arrays = self._random.sample(_ARRAY_PROBES, 6) if self._numpy else []
        probes = []
        for probe in (*chosen, *arrays):
            a = self._random.randrange(2, 50)
            b = self._random.randrange(51, 99)
            probes.append(probe.format(a=a, b=b, n="{n}"))
        self._random.shuffle(probes)
        return probes

    def _name(self) -> str:
        return self._random.choice("abcdefgh") + format(self._random.randrange(16**6), "06x")

    def _flag(self, text: str) -> None:
        if text not in self.flags:
            self.flags.append(text)
