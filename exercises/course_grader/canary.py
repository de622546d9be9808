"""Canary cells: code that must fail and code that must pass, around every graded cell.

A kernel in which assertions no longer assert, errors no longer count, or cells no longer run,
answers a canary wrongly; whatever it answered about the graded cell is then worth nothing.
The canaries' numbers are new each time, and the right answer is never in them.
"""

import ast
import contextlib
import os
import random
import re
import secrets
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

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
_CELL_NUMBER = re.compile(r"\bIn\[(\d+)\]")


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
        self._spent = 0  # cells that counted in the kernel but not in the notebook

    def around(self, execute: Any, cell: NotebookNode, index: int) -> None:
        """Run one cell of the notebook; canaries stand around each group of graded cells."""
        graded = self._is_graded(cell)
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if graded and not self._inside:
            self._must_pass(execute, index, name)
            self._must_fail(execute, index, name, "before")
        execute.execute_cell(cell, index, store_history=True)
        self._listen(execute, ran=cell.cell_type == "code" and bool(cell.source.strip()))
        self._renumber(cell)
        if graded:
            self._check_results(cell, name)
            following = (c for c in execute.nb.cells[index + 1 :] if c.cell_type == "code")
            self._inside = self._is_graded(next(following, None))
            if not self._inside:
                self._must_fail(execute, index, name, "after")

    def _is_graded(self, cell: NotebookNode | None) -> bool:
        if cell is None or cell.cell_type != "code":
            return False
        return cell.metadata.get("nbgrader", {}).get("grade_id") in self._graded

    def _check_results(self, cell: NotebookNode, name: str) -> None:
        """Check that no result came out (nbgrader takes it for points) that the cell can't have."""
        results = [output for output in cell.outputs if output.output_type == "execute_result"]
        last = (ast.parse(cell.source).body or [None])[-1]
        if len(results) > (1 if isinstance(last, ast.Expr) else 0):
            self._flag(f"'{name}' shows a result that it did not work out")

    def _run(self, execute: Any, index: int, lines: list[str]) -> NotebookNode:
        """Run a canary in the place of a cell, and put the cell back."""
        cell, original = new_code_cell("\n".join(lines)), execute.nb.cells[index]
        self._spent += 1
        try:
            execute.execute_cell(cell, index, store_history=True)
        finally:
            execute.nb.cells[index] = original
        self._listen(execute, ran=True)
        return cell

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
        if ran and b"." not in said:
            self._flag("the tripwires in the kernel fell silent")

    def _must_fail(self, execute: Any, index: int, name: str, when: str) -> None:
        """Check that a dozen ways to fail all do, and that the cell itself fails as told."""
        factor, code = self._random.randrange(3, 999), self._random.randrange(10**8, 10**9)
        function, array, count, error = (self._name() for _ in range(4))
        probes = self._probes()
        lines = [f"def {function}():", f"    {count} = 0"]
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
        cell = self._run(execute, index, lines)
        wanted = ("AssertionError", str(len(probes) * factor + code))
        errors = [output for output in cell.outputs if output.output_type == "error"]
        if [(output.ename, output.evalue) for output in errors] != [wanted]:
            self._flag(f"{when} '{name}', a cell that must fail did not fail as it must")

    def _must_pass(self, execute: Any, index: int, name: str) -> None:
        """Check that a true statement passes, and that what it prints is what comes out."""
        a, b = self._random.randrange(10**5, 10**6), self._random.randrange(10**5, 10**6)
        cell = self._run(execute, index, [f"assert {a} + 1 == {a + 1}", f"print({a} * {b})"])
        said = [dict(output) for output in cell.outputs]
        if said != [{"output_type": "stream", "name": "stdout", "text": f"{a * b}\n"}]:
            self._flag(f"before '{name}', a cell that must pass did not pass as it must")

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

    def _renumber(self, cell: NotebookNode) -> None:
        """Give a cell and its outputs the numbers that they had without canaries."""
        if cell.cell_type != "code":
            return
        spent = self._spent

        def earlier(match: re.Match[str]) -> str:
            return f"In[{max(int(match[1]) - spent, 1)}]"

        if cell.get("execution_count"):
            cell.execution_count = max(cell.execution_count - spent, 1)
        for output in cell.outputs:
            if output.get("execution_count"):
                output.execution_count = cell.execution_count
            if output.output_type == "error":
                output.traceback = [_CELL_NUMBER.sub(earlier, line) for line in output.traceback]
