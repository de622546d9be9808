"""nbgrader's own preprocessors, with a snapshot where they would open the gradebook."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType, SimpleNamespace
from typing import Any

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbgrader.nbgraderformat import common
from nbgrader.preprocessors import (
    AssignLatePenalties,
    Execute,
    OverwriteCells,
    OverwriteKernelspec,
    SaveAutoGrades,
)
from nbgrader.preprocessors.base import NbGraderPreprocessor
from traitlets import Integer

from course_grader import schema
from course_grader.parent import Limits, Zygote
from course_grader.provisioner import WarmKernelManager
from course_grader.snapshot import Snapshot

common.jsonschema = SimpleNamespace(validate=schema.validate)  # all that nbgrader uses of it

Resources = dict[str, Any]
_MAX_MESSAGES = 20_000


def _names(resources: Resources) -> dict[str, str]:
    about = resources["nbgrader"]
    return {
        "notebook_id": about["notebook"],
        "assignment_id": about["assignment"],
        "student_id": about["student"],
    }


class SnapshotKernelspec(OverwriteKernelspec):
    """`OverwriteKernelspec`; the instructor's kernelspec comes from the snapshot."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Put the instructor's kernelspec in, if there is one."""
        import json

        kernelspec = resources["snapshot"].find_notebook("", "").kernelspec
        if kernelspec and (kernelspec := json.loads(kernelspec)):
            nb.metadata["kernelspec"] = kernelspec
        return nb, resources


class SnapshotCells(OverwriteCells):
    """`OverwriteCells`; the instructor's cells come from the snapshot."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Put the instructor's locked cells back in."""
        self.__dict__.update(_names(resources), gradebook=resources["snapshot"])
        nb, resources = NbGraderPreprocessor.preprocess(self, nb, resources)
        if self.add_missing_cells:
            nb, resources = self.add_missing_grade_cells(nb, resources)
            nb, resources = self.add_missing_task_cells(nb, resources)
        return nb, resources


class SnapshotGrades(SaveAutoGrades):
    """`SaveAutoGrades`; the scores go into the snapshot, for the coordinator to write down."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Work out every graded cell's score."""
        self.__dict__.update(_names(resources), gradebook=resources["snapshot"])
        return NbGraderPreprocessor.preprocess(self, nb, resources)


class Interruption(RuntimeError):
    """Grading one notebook ended early; the message is the reason for the table."""


class WatchedExecute(Execute):
    """`Execute` in a forked kernel, with limits on the whole notebook and a stopwatch.

    `overdue` counts the cells that ran out of time; nothing in a kernel can change it.
    """

    iopub_timeout = Integer(20, help=Execute.iopub_timeout.help).tag(config=True)

    zygote: Zygote
    limits: Limits = Limits()
    stage: str | None = None
    kernel_env: Mapping[str, str] = MappingProxyType({})
    notebook_seconds: float = 300.0
    output_bytes: int = 10 << 20
    around: Callable[["WatchedExecute", NotebookNode, int], None] | None = None

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.shutdown_kernel = "immediate"
        self.seconds = {"kernel": 0.0, "execution": 0.0, "cpu of the kernel": 0.0}
        self.timings: dict[str, float] = {}
        self.overdue = 0
        self._stopped = ""
        self._bytes = self._messages = 0
        self._forked: Any = None

    def create_kernel_manager(self) -> WarmKernelManager:
        """Return a manager whose kernel is a fork; only Python can be forked."""
        language = self.nb.metadata.get("kernelspec", {}).get("language", "python")
        if language != "python":
            raise Interruption(f"only Python kernels can be forked, this one speaks {language}")
        manager = WarmKernelManager(config=self.config)
        manager.zygote, manager.limits = self.zygote, self.limits
        manager.stage, manager.kernel_env = self.stage, self.kernel_env
        self.km = manager
        return manager

    def preprocess(
        self, nb: NotebookNode, resources: Resources, km: Any = None
    ) -> tuple[NotebookNode, Resources]:
        """Run the notebook; raise `Interruption` if it had to be stopped."""
        start = time.monotonic()
        timer = threading.Timer(self.notebook_seconds, self._overtime)
        timer.daemon = True
        timer.start()
        try:
            return super().preprocess(nb, resources, km)
        except DeadKernelError:
            raise Interruption(self._epitaph()) from None
        except CellTimeoutError:
            raise Interruption(
                self._stopped
                or f"a cell did not end within {self.iopub_timeout} s of its interrupt"
            ) from None
        except Exception as error:
            if self._stopped:
                raise Interruption(self._stopped) from error
            raise
        finally:
            timer.cancel()
            spent = sum(self.timings.values())
            self.seconds["kernel"] = time.monotonic() - start - spent
            self.seconds["execution"] = spent
            self.seconds["cpu of the kernel"] = getattr(self._forked, "cpu", 0.0)

    def preprocess_cell(
        self, cell: NotebookNode, resources: Resources, index: int
    ) -> tuple[NotebookNode, Resources]:
        """Run one cell against the clock, with whatever stands around it."""
        with self._clock(cell, index):
            if self.around is not None:
                self.around(self, cell, index)
                return cell, resources
            return super().preprocess_cell(cell, resources, index)

    async def _async_handle_timeout(self, timeout: int, cell: NotebookNode | None = None) -> Any:
        self.overdue += 1
        return await super()._async_handle_timeout(timeout, cell)

    @contextmanager
    def _clock(self, cell: NotebookNode, index: int) -> Iterator[None]:
        start = time.monotonic()
        self._forked = getattr(self.km, "forked", None)
        try:
            yield
        finally:
            if cell.cell_type == "code":
                name = cell.metadata.get("nbgrader", {}).get("grade_id") or f"cell {index + 1}"
                self.timings[name] = self.timings.get(name, 0.0) + time.monotonic() - start

    def output(self, outs: Any, msg: Any, display_id: Any, cell_index: int) -> Any:
        """Take in one output, unless there were too many already."""
        content = msg["content"]
        parts = (content.get("text", ""), *content.get("data", {}).values())
        self._bytes += sum(len(part) if isinstance(part, str) else 1000 for part in parts)
        self._messages += 1
        if self._bytes > self.output_bytes or self._messages > _MAX_MESSAGES:
            self._stop(f"printed more than {self.output_bytes >> 20} MiB or 20000 messages")
            return None
        return super().output(outs, msg, display_id, cell_index)

    def _overtime(self) -> None:
        self._stop(f"the whole notebook took more than {self.notebook_seconds:g} s")

    def _stop(self, reason: str) -> None:
        if not self._stopped:
            self._stopped = reason
            self.zygote.signal(9)

    def _epitaph(self) -> str:
        if self._stopped:
            return self._stopped
        status, why = getattr(self._forked, "status", None), getattr(self._forked, "reason", "")
        if why:
            return f"the kernel was stopped: {why}"
        how = f"signal {-status}" if status and status < 0 else f"exit status {status}"
        return f"the kernel died while it ran a cell ({how})"


REPLACEMENTS: dict[type, type | None] = {
    OverwriteKernelspec: SnapshotKernelspec,
    OverwriteCells: SnapshotCells,
    SaveAutoGrades: SnapshotGrades,
    Execute: WatchedExecute,
    AssignLatePenalties: None,  # needs the other notebooks' scores: the coordinator's business
}
"""What a worker runs in the place of a preprocessor that would open the gradebook."""

__all__ = ["REPLACEMENTS", "Interruption", "Snapshot", "WatchedExecute"]
