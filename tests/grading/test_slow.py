"""A slow machine is not a cheating student: slowness may cost time, never bring a flag.

On a busy machine a correct student of the chapter on attention was flagged now and then: "a cell
that must pass did not pass as it must". `print` writes a text and the end of its line in two
pieces, and a kernel sends what it has 0.2 s after the first. A kernel that had to wait for a
processor between the two sent two messages where the canary allowed for one.
"""

import contextlib
import io
import os
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from course_grader.canary import Watch
from course_grader.preprocessors import Interruption
from nbformat.v4 import new_code_cell, new_notebook, new_output

TIMED_OUT = new_output("error", ename="CellTimeoutError", evalue="", traceback=[])
DROWNED = new_output("stream", name="stdout", text="")
INTERRUPTED = new_output("error", ename="KeyboardInterrupt", evalue="", traceback=[])


class Kernel:
    """Runs cells as a kernel does; `mishaps` says which of them, by number, meet with what.

    A mishap takes the place of the cell's outputs; one that is a time-out also keeps the cell from
    starting, so that the tripwires say nothing.
    """

    def __init__(self, mishaps: dict[int, Any], alarm: tuple[int, int]) -> None:
        self.nb = new_notebook(cells=[new_code_cell("x = 1"), new_code_cell("assert x == 1")])
        self.nb.cells[1].metadata["nbgrader"] = {"grade_id": "test"}
        self.overdue = 0
        self.runs = 0
        self.mishaps = mishaps
        self.km = SimpleNamespace(forked=SimpleNamespace(alarm=alarm[0]))
        self._wire = alarm[1]
        self._names: dict[str, Any] = {"x": 1}

    def execute_cell(self, cell: Any, index: int, store_history: bool) -> None:
        mishap = self.mishaps.get(self.runs)
        self.runs += 1
        if mishap is TIMED_OUT:
            self.overdue += 1
        else:
            os.write(self._wire, b"." * (61_000 if mishap is DROWNED else 1))
        if mishap is not None:
            cell.outputs = mishap(cell) if callable(mishap) else [mishap]
            return
        said = io.StringIO()
        try:
            with contextlib.redirect_stdout(said):
                exec(cell.source, self._names)
        except AssertionError as error:
            failure = new_output("error", ename="AssertionError", evalue=str(error), traceback=[])
            cell.outputs = [failure]
        else:
            cell.outputs = []
        if text := said.getvalue():
            cell.outputs.insert(0, new_output("stream", name="stdout", text=text))


@pytest.fixture
def graded() -> Iterator[Callable[..., tuple[list[str], Kernel]]]:
    """Run a notebook of one answer and one test among canaries; return the flags and the kernel.

    The runs are: 0 the answer, 1 the canary before the test, 2 the test, 3 the canary after it.
    """
    read, write = os.pipe2(os.O_NONBLOCK)

    def run(mishaps: dict[int, Any]) -> tuple[list[str], Kernel]:
        test = {"name": "test", "locked": True, "source": "assert x == 1"}
        watch, kernel = Watch({"grades": {"test": 1}, "cells": [test]}, []), Kernel(mishaps, alarm)
        for index, cell in enumerate(kernel.nb.cells):
            watch.around(kernel, cell, index)
        return watch.flags, kernel

    alarm = read, write
    yield run
    os.close(read)
    os.close(write)


def in_pieces(cell: Any) -> list[Any]:
    said = io.StringIO()
    with contextlib.redirect_stdout(said), pytest.raises(AssertionError) as failure:
        exec(cell.source, {})
    pieces = ("left over from before\n", said.getvalue()[:-1], "\n")
    outputs = [new_output("stream", name="stdout", text=piece) for piece in pieces]
    evalue = str(failure.value)
    return [*outputs, new_output("error", ename="AssertionError", evalue=evalue, traceback=[])]


def without_a_word(cell: Any) -> list[Any]:
    return in_pieces(cell)[-1:]


def test_a_calm_kernel_runs_every_canary_once(graded):
    flags, kernel = graded({})
    assert (flags, kernel.runs) == ([], 4)


def test_a_line_that_comes_in_pieces_is_no_flag(graded):
    assert graded({1: in_pieces})[0] == []


@pytest.mark.parametrize("run", [1, 3])
def test_a_canary_out_of_time_runs_again(graded, run):
    flags, kernel = graded({run: TIMED_OUT})
    assert (flags, kernel.runs) == ([], 5)


@pytest.mark.parametrize("run", [0, 2])
def test_a_cell_of_the_notebook_out_of_time_is_no_flag_and_not_repeated(graded, run):
    flags, kernel = graded({run: TIMED_OUT})
    assert (flags, kernel.runs) == ([], 4)


def test_a_late_interrupt_for_a_slow_cell_that_stops_a_canary_is_no_flag(graded):
    flags, kernel = graded({0: TIMED_OUT, 1: INTERRUPTED})
    assert (flags, kernel.runs) == ([], 5)


@pytest.mark.parametrize("run", [1, 3])
def test_canaries_that_never_finish_leave_the_notebook_unchecked_not_flagged(graded, run):
    with pytest.raises(Interruption, match="not checked: the kernel did not answer in time"):
        graded({run: TIMED_OUT, run + 1: TIMED_OUT})


@pytest.mark.parametrize("run", [1, 3])
@pytest.mark.parametrize(
    "wrong",
    [INTERRUPTED, lambda cell: [], without_a_word],
    ids=["interrupt", "silence", "without a word"],
)
def test_a_canary_that_answers_wrongly_in_time_is_still_a_flag(graded, run, wrong):
    flags, kernel = graded({run: wrong})
    assert len(flags) == 1
    assert kernel.runs == 4


def test_drowning_the_tripwires_so_that_an_alarm_gets_lost_is_a_flag(graded):
    assert graded({0: DROWNED})[0] == ["the tripwires in the kernel were drowned"]


@pytest.mark.grading
def test_a_kernel_that_waits_between_the_pieces_of_a_line_keeps_its_points(course: Any) -> None:
    # As if those 0.2 s went by each time: the kernel sends every piece at once.
    eager = "import sys\ntype(sys.stdout).flush_interval = 0.0"
    course.submit("ada", mean=f"def mean(values):\n    return sum(values) / len(values)\n{eager}")
    entry = course.report()["ada"]
    assert (entry["status"], entry["score"], entry["flags"]) == ("graded", 3.5, [])


@pytest.mark.grading
def test_a_cell_that_ignores_its_interrupt_gives_one_line_and_no_flag(course: Any) -> None:
    stubborn = "import time\nend = time.time() + 60\nwhile time.time() < end:\n    try:\n"
    stubborn += "        time.sleep(60)\n    except KeyboardInterrupt:\n        pass"
    course.submit("ada", mean=stubborn)
    entry = course.report("--Execute.timeout=2", "--Execute.iopub_timeout=2")["ada"]
    assert (entry["status"], entry["flags"]) == ("failed", [])
    assert "a cell did not end within 2 s of its interrupt" in entry["reason"]
