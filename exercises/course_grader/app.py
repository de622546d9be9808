"""The command ``course-grade``: ``nbgrader autograde`` with a few more options."""

import logging
import sys
import warnings
from typing import Any

from nbgrader.apps.autogradeapp import AutogradeApp
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import Execute, LimitOutput
from sqlalchemy.exc import SAWarning
from traitlets import default

from course_grader.coordinator import CourseGrade

aliases = {
    **AutogradeApp.aliases,
    "workers": "CourseGrade.workers",
    "scheduler": "CourseGrade.scheduler",
    "report": "CourseGrade.report",
}

flags = {
    **AutogradeApp.flags,
    "no-sandbox": (
        {"CourseGrade": {"sandbox": False}},
        "Run student code with all your rights. Only for code that you trust.",
    ),
    "no-canaries": (
        {"CourseGrade": {"canaries": False}},
        "Don't look for tampering: no canary cells, nothing flagged for review.",
    ),
    "timings": (
        {"CourseGrade": {"timings": True}},
        "Put each cell's run time, in seconds, into the report.",
    ),
}


class CourseGradeApp(AutogradeApp):
    """`nbgrader autograde`, parallel, warm, sandboxed, tamper-evident and resumable."""

    name = "course-grade"
    description = "Autograde the submissions of an assignment, many at a time, in a sandbox"
    aliases = aliases
    flags = flags
    examples = """
        Works in the same course directory, with the same nbgrader_config.py, gradebook and
        feedback as nbgrader, and gives the same scores as `nbgrader autograde`. Submissions are
        read from, and autograded files are saved in:

            submitted/{student_id}/{assignment_id}/{notebook_id}.ipynb
            autograded/{student_id}/{assignment_id}/{notebook_id}.ipynb

        To grade all submissions for "ps1" on all processors of this machine:

            course-grade ps1

        To grade only the submission by student with ID 'Hacker':

            course-grade ps1 --student Hacker

        To grade with four processes, and to write a report that programs can read, with the
        run time of every cell:

            course-grade ps1 --workers 4 --report ps1.json --timings

        To grade on a Dask cluster, with a gradebook in PostgreSQL:

            course-grade ps1 --scheduler tcp://10.0.0.5:8786 --db postgresql+psycopg://grader@db/course

        If it is interrupted, even by `kill -9`, run the same command again: what is done is
        skipped, and the gradebook becomes what it would have been. To grade again what was
        graded before:

            course-grade ps1 --force

        Student code runs in a sandbox made by bubblewrap. Without bubblewrap nothing is graded,
        unless you give '--no-sandbox' for code that you trust.

        A submission that tampers with the tests is flagged: it gets no automatic points, and
        waits for a person in the formgrader. The closing table and the report say why. A copied
        or split cell, which stops `nbgrader autograde`, is only reported; the last copy counts.

        Feedback is written by nbgrader. To leave hidden tests out of it, put HideTests into
        nbgrader_config.py (see course_grader.feedback) and run:

            nbgrader generate_feedback ps1

        More can be set in nbgrader_config.py; for instance which packages student code may
        import, what else it may see, and what one submission may use:

            c.CourseGrade.packages = ["numpy", "numpy.testing", "scipy"]
            c.CourseGrade.visible = ["/srv/data"]
            c.CourseGrade.memory_mb = 4096
            c.CourseGrade.notebook_seconds = 600
        """

    @default("log_level")
    def _log_level_default(self) -> int:
        return logging.WARNING  # the progress bar says what nbgrader logs for each submission

    @default("classes")
    def _classes_default(self) -> list[type]:
        return [*super()._classes_default(), CourseGrade, Execute, LimitOutput]

    def start(self) -> None:
        """Grade the assignment that the command line or the configuration names."""
        super(AutogradeApp, self).start()
        given = [*self.extra_args]
        if len(given) > 1:
            self.fail("Only one argument (the assignment id) may be specified")
        if given and self.coursedir.assignment_id:
            self.fail("The assignment cannot both be specified in config and as an argument")
        if not given and not self.coursedir.assignment_id:
            self.fail(
                "An assignment id must be specified, either as an argument or with --assignment"
            )
        if given:
            self.coursedir.assignment_id = given[0]
        try:
            CourseGrade(coursedir=self.coursedir, parent=self).start()
        except NbGraderException:
            sys.exit(1)


def main(argv: list[str] | None = None, **options: Any) -> None:
    """Read the command line and grade."""
    # nbgrader builds a submission in steps, of which SQLAlchemy warns; no instructor can help it.
    warnings.filterwarnings("ignore", category=SAWarning, module="nbgrader")
    CourseGradeApp.launch_instance(argv, **options)
