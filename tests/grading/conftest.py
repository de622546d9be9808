"""A small course in a temporary folder, graded by stock nbgrader and by course-grade."""

import contextlib
import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from course_grader.app import CourseGradeApp
from jupyter_core.application import NoStart
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.apps import NbGraderApp

KERNELSPEC = {"name": "python3", "language": "python", "display_name": "Python 3"}
STUB = "raise NotImplementedError('your code here')"
RIGHT = {
    "relu": "def relu(z):\n    return np.maximum(z, 0)",
    "mean": "def mean(values):\n    return sum(values) / len(values)",
}


def marked(source: str, name: str, **marks: Any) -> Any:
    """Return a code cell that nbgrader knows."""
    marks = {"grade": False, "solution": False, "locked": False, "task": False, **marks}
    cell = new_code_cell(source)
    cell.metadata["nbgrader"] = {"grade_id": name, "schema_version": 3, **marks}
    return cell


def source_notebook() -> Any:
    """Return the instructor's notebook: two tasks, visible and hidden tests, one essay."""
    solution = "### BEGIN SOLUTION\n{}\n### END SOLUTION"
    cells = [
        marked(
            "import numpy as np\nfrom numpy.testing import assert_allclose", "setup", locked=True
        ),
        marked(solution.format(RIGHT["relu"]), "relu", solution=True),
        marked(
            "assert relu(np.array([-1.0, 2.0])).shape == (2,)\n"
            "assert_allclose(relu(np.array([-1.0, 2.0])), [0.0, 2.0], err_msg='negative -> 0')\n"
            "### BEGIN HIDDEN TESTS\n"
            "z = np.random.default_rng(7).normal(size=50)\n"
            "assert_allclose(relu(z), z * (z > 0))\n"
            "### END HIDDEN TESTS",
            "test_relu",
            grade=True,
            locked=True,
            points=2,
        ),
        marked(solution.format(RIGHT["mean"]), "mean", solution=True),
        marked(
            "assert mean([1, 2, 3]) == 2\nassert mean([4]) == 4",
            "test_mean",
            grade=True,
            locked=True,
            points=1,
        ),
        marked("round(mean([0.5, 0.5]), 3)", "partial", grade=True, locked=True, points=1),
    ]
    essay = new_markdown_cell("Your answer here")
    essay.metadata["nbgrader"] = {
        "grade_id": "essay",
        "schema_version": 3,
        "grade": True,
        "solution": True,
        "locked": False,
        "task": False,
        "points": 3,
    }
    cells.append(essay)
    return new_notebook(cells=cells, metadata={"kernelspec": KERNELSPEC})


@dataclass
class Outcome:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


class Course:
    """A course directory with the assignment ``ps1`` of one notebook ``p1``."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def run(self, *arguments: str, check: bool = True) -> Outcome:
        """Run nbgrader or course-grade in the course directory, inside this process."""
        application = CourseGradeApp if arguments[0] == "course-grade" else NbGraderApp
        streams = io.StringIO(), io.StringIO()
        path = [*sys.path]
        application.clear_instance()
        with (
            contextlib.chdir(self.root),
            contextlib.redirect_stdout(streams[0]),
            contextlib.redirect_stderr(streams[1]),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")  # nbgrader's own, from its own commands
            app = application.instance()
            try:
                app.initialize([*arguments[1:]])
                with contextlib.suppress(NoStart):
                    app.start()
                code = 0
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else 1
            finally:
                app.reset()
                sys.path[:] = path
        outcome = Outcome(code, streams[0].getvalue(), streams[1].getvalue())
        if check and code:
            pytest.fail(f"{' '.join(arguments)} ended with {code}\n{outcome.err}")
        return outcome

    def grade(self, *options: str, workers: int = 1, check: bool = True) -> Outcome:
        """Run course-grade."""
        return self.run("course-grade", "ps1", f"--workers={workers}", *options, check=check)

    def start(self, *options: str, **others: Any) -> subprocess.Popen[str]:
        """Start course-grade as a process of its own, to be killed."""
        line = [sys.executable, "-m", "course_grader", "ps1", *options]
        others = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, **others}
        return subprocess.Popen(line, cwd=self.root, **others)

    def report(self, *options: str, **others: Any) -> dict[str, dict[str, Any]]:
        """Run course-grade and return its report's entries by student."""
        self.grade("--report=report.json", *options, check=False, **others)
        report = json.loads((self.root / "report.json").read_text())
        return {entry["student"]: entry for entry in report["submissions"]}

    def release(self) -> Any:
        """Return the notebook as students get it."""
        return nbformat.read(self.root / "release" / "ps1" / "p1.ipynb", as_version=4)

    def answered(self, answers: Mapping[str, str]) -> Any:
        """Return the released notebook with some solution cells filled in."""
        notebook = self.release()
        for cell in notebook.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            if name in answers:
                cell.source = answers[name]
        return notebook

    def submit(self, student: str, notebook: Any = None, /, **answers: str) -> Path:
        """Hand a notebook in: one with answers, a ready one, or any text or bytes."""
        folder = self.root / "submitted" / student / "ps1"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "p1.ipynb"
        if isinstance(notebook, bytes):
            path.write_bytes(notebook)
        elif isinstance(notebook, str):
            path.write_text(notebook)
        else:
            nbformat.write(notebook or self.answered({**RIGHT, **answers}), path)
        return path

    def copy(self, root: Path) -> "Course":
        """Return an equal course in another place."""
        shutil.copytree(self.root, root)
        return Course(root)

    def scores(self) -> dict[tuple[str, str], tuple[Any, ...]]:
        """Return all that grading leaves in the gradebook, by student and cell."""
        return dump_gradebook(self.root / "gradebook.db")


def dump_gradebook(path: Path) -> dict[tuple[str, str], tuple[Any, ...]]:
    """Read scores, comments, penalties and flags, by student and cell, with nothing random."""
    scores = """
        select a.student_id, n.name || '/' || c.name, g.auto_score, g.manual_score,
               g.needs_manual_grade, s.late_submission_penalty, s.flagged, a.timestamp
        from grade g join base_cell c on c.id = g.cell_id
        join submitted_notebook s on s.id = g.notebook_id join notebook n on n.id = s.notebook_id
        join submitted_assignment a on a.id = s.assignment_id"""
    comments = """
        select a.student_id, n.name || '/' || c.name || '/comment', m.auto_comment
        from comment m join base_cell c on c.id = m.cell_id
        join submitted_notebook s on s.id = m.notebook_id join notebook n on n.id = s.notebook_id
        join submitted_assignment a on a.id = s.assignment_id"""
    with sqlite3.connect(path) as database:
        rows = [*database.execute(scores), *database.execute(comments)]
    database.close()
    return {(row[0], row[1]): row[2:] for row in rows}


@pytest.fixture(scope="session", autouse=True)
def _programs_on_path() -> Iterator[None]:
    """Let nbgrader find alembic, which it calls by name."""
    before = os.environ["PATH"]
    os.environ["PATH"] = f"{Path(sys.executable).parent}:{before}"
    yield
    os.environ["PATH"] = before


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The course as it stands once the assignment is released; tests copy it."""
    root = tmp_path_factory.mktemp("released") / "course"
    (root / "source" / "ps1").mkdir(parents=True)
    nbformat.write(source_notebook(), root / "source" / "ps1" / "p1.ipynb")
    (root / "source" / "ps1" / "data.csv").write_text("1,2,3\n")
    (root / "nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.course_id = 'nn'\nc.Execute.timeout = 8\n"
    )
    course = Course(root)
    course.run("nbgrader", "generate_assignment", "ps1")
    return course


@pytest.fixture
def course(released: Course, tmp_path: Path) -> Course:
    """A fresh copy of the released course, without submissions."""
    return released.copy(tmp_path / "course")


@pytest.fixture
def make_course(released: Course, tmp_path: Path) -> Callable[[str], Course]:
    """Several fresh copies, by name."""
    return lambda name: released.copy(tmp_path / name)


@pytest.fixture
def in_course() -> type[Course]:
    """Make a course object of an existing directory."""
    return Course
