"""nbgrader's `Autograde`, with the work handed out: schedules, collects, and alone writes.

A submission is done when its folder under ``autograded`` exists. The folder appears last and at
once, after the gradebook's transaction; so whatever is interrupted is simply not done yet.
"""

import os
import re
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from nbformat import NotebookNode
from nbgrader.api import MissingEntry
from nbgrader.converters import Autograde
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy import make_url
from traitlets import Bool, Integer, Unicode

from course_grader import sandbox, schema
from course_grader.dispatch import Dispatcher, WorkerLost
from course_grader.executors import SchedulerUnavailable, cluster, grade, local_pool
from course_grader.faults import one_line
from course_grader.jobs import JobMaker, Unreadable
from course_grader.layout import lay_out
from course_grader.progress import Progress
from course_grader.record import Recorder
from course_grader.report import Entry, Report
from course_grader.settings import Settings
from course_grader.snapshot import open_gradebook


@dataclass
class Ticket:
    """A submission on its way: whose it is, where it lies, which notebooks it has."""

    student: str
    assignment: str
    folder: Path
    notebooks: list[str]


class CourseGrade(Settings, Autograde):
    """Autograde all submissions of an assignment in parallel, warm and sandboxed."""

    workers = Integer(
        os.cpu_count() or 1, min=1, help="How many submissions to grade at the same time."
    ).tag(config=True)
    scheduler = Unicode(
        "", help="Address of a Dask scheduler whose cluster does the work: tcp://host:8786."
    ).tag(config=True)
    report = Unicode("", help="Write a machine-readable report to this JSON file.").tag(config=True)
    timings = Bool(False, help="Put each cell's run time into the report.").tag(config=True)

    def start(self) -> None:
        """Check that grading can begin at all, then grade."""
        if self.report:
            self.report = os.path.abspath(self.report)
        try:
            if self.sandbox and not self.scheduler:
                sandbox.check()
            self._check_database()
            super().start()
        except KeyboardInterrupt:
            self._refuse("interrupted; the same command goes on where this one stopped")
        except (sandbox.SandboxUnavailable, SchedulerUnavailable) as error:
            self._refuse(str(error))
        except Exception as error:
            line = one_line(error)
            if line is None:
                raise
            self._refuse(line)

    def convert_notebooks(self) -> None:
        """Grade what is not graded yet; raise at the end if something could not be graded."""
        started = time.monotonic()
        self._results = Report(self.coursedir.assignment_id, self.workers, self.sandbox)
        with open_gradebook(self.coursedir.db_url, self.coursedir.course_id) as gradebook:
            self._recorder = Recorder(gradebook, create_student=self.create_student)
            try:
                sources = self._recorder.sources(self.coursedir.assignment_id)
            except MissingEntry as error:
                self._refuse(f"{error}: run `nbgrader generate_assignment` first")
            self._jobs = JobMaker(self, sources)
            self._progress = Progress(len(self.assignments))
            window = 2 * (max(self.workers, 16) if self.scheduler else self.workers)
            dispatcher = Dispatcher[Ticket](self._executor, grade, window)
            try:
                dispatcher.run(self._pending(), self._take, self._give_up)
            finally:
                self._progress.close()
                self._results.seconds = time.monotonic() - started
                if self.report:
                    self._results.write(Path(self.report))
        print(self._results.table(shutil.get_terminal_size((110, 40)).columns))
        if failed := self._results.count("failed"):
            raise NbGraderException(f"{failed} submissions could not be graded")

    def _refuse(self, line: str) -> NoReturn:
        self.log.error(line)
        raise NbGraderException(line)

    def _check_database(self) -> None:
        url = make_url(self.coursedir.db_url)
        path = os.path.join(self.coursedir.root, url.database or "")
        if url.get_backend_name() == "sqlite" and not os.path.exists(path):
            self._refuse(
                f"there is no gradebook at {path}: run `nbgrader generate_assignment` first, "
                "or say with --db where it is"
            )

    def _executor(self) -> Executor:
        return cluster(self.scheduler) if self.scheduler else local_pool(self.workers)

    def _pending(self) -> Iterator[tuple[Ticket, str]]:
        """Yield each submission that still needs grading, with its job."""
        pattern = re.compile(
            self._format_source("(?P<assignment>.*)", "(?P<student>.*)", escape=True)
        )
        for folder in sorted(self.assignments):
            match = pattern.match(folder)
            if match is None:
                self._refuse(f"{folder} is not where CourseDirectory.directory_structure says")
            notebooks = sorted(self.assignments[folder])
            ticket = Ticket(match["student"], match["assignment"], Path(folder), notebooks)
            self.notebooks = notebooks
            if not self.init_destination(ticket.assignment, ticket.student):
                self._results.entries.append(Entry(ticket.student, "skipped"))
                self._progress.skip()
                continue
            self.run_pre_convert_hook()
            try:
                job = self._jobs.make(ticket.student, ticket.assignment, ticket.folder, notebooks)
            except Unreadable as error:
                self._fail(ticket, str(error))
            else:
                yield ticket, job

    def _take(self, ticket: Ticket, text: str) -> None:
        """Write one verdict down: gradebook first, then the folder that says it is done."""
        result = schema.load(text, schema.RESULT)
        if result["failure"]:
            self._fail(ticket, result["failure"], result)
            return
        try:
            totals = self._record(ticket, result)
        except MissingEntry as error:
            self._fail(ticket, str(error))
            return
        files = self._jobs.data_files(ticket.folder, ticket.assignment)
        lay_out(self, result, files, only_some=self.coursedir.notebook_id != "*")
        self.notebooks = ticket.notebooks
        self.run_post_convert_hook()
        entry = Entry.of(result, totals, timings=self.timings)
        self._results.entries.append(entry)
        self._progress.add(entry.status)

    def _record(self, ticket: Ticket, result: dict[str, Any]) -> dict[str, float]:
        timestamp = self.coursedir.get_existing_timestamp(str(ticket.folder))
        self._recorder.register(ticket.assignment, ticket.student, timestamp)
        totals = self._recorder.record(result, self._jobs.absent(ticket.folder))
        if totals["seconds_late"] > 0 and AssignLatePenalties in self.autograde_preprocessors:
            names = {"student": ticket.student, "assignment": ticket.assignment}
            for verdict in result["notebooks"]:
                about = {**names, "notebook": verdict["name"], "db_url": self.coursedir.db_url}
                empty = NotebookNode(cells=[], metadata={})
                AssignLatePenalties(parent=self).preprocess(empty, {"nbgrader": about})
            self._recorder.forget()
            totals = self._recorder.totals(ticket.assignment, ticket.student)
        self._recorder.forget()
        return totals

    def _give_up(self, ticket: Ticket, error: BaseException) -> None:
        reason = str(error) if isinstance(error, WorkerLost) else f"{type(error).__name__}: {error}"
        self._fail(ticket, reason.splitlines()[0])

    def _fail(self, ticket: Ticket, reason: str, result: dict[str, Any] | None = None) -> None:
        """Note a failure; like stock, the gradebook then knows the submission without scores."""
        nothing = {"student": ticket.student, "assignment": ticket.assignment, "notebooks": []}
        try:
            self._record(ticket, result or nothing)
        except MissingEntry as error:
            reason = f"{reason}; {error}"
        self._results.entries.append(Entry(ticket.student, "failed", reason=reason))
        self._progress.add("failed")
