"""Grade every variant of an exercise in a real course: nbgrader's commands, gradebook, feedback.

nbgrader itself grades the instructor's solution, the untouched release, and a student who pries
(whom course-grade would flag); course-grade grades the variants, in a fraction of the time. That
both give the same scores is shown in `tests/grading`. A submission carries one variant of every
task, correct and wrong ones mixed, so that a dozen submissions prove a notebook, and prove too
that no task depends on the answer to another.
"""

import ast
import html
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import Any

from material import EXERCISES, Exercise, marks, read, squash
from variants import Correct, Variant

INSTRUCTOR, UNTOUCHED, PRYING = "instructor", "untouched", "prying"
DEALT = "student-"

# What a nosy student appends to an answer: print everything that can be seen, and once a hidden
# test calls the function, fail with it.
SPY = """

import sys as _sys

def _spy(function):
    def spied(*args, **kwargs):
        source = get_ipython().user_ns["In"][-1]
        print(source, args, kwargs)
        frame = _sys._getframe()
        while frame.f_code.co_name != "<module>":
            frame = frame.f_back
        if frame.f_lineno > source[: source.find("BEGIN HIDDEN")].count("\\n"):
            raise AssertionError(source + repr(args))
        return function(*args, **kwargs)
    return spied

"""


def answers(exercise: Exercise) -> dict[str, dict[str, Variant]]:
    """Deal the variants out to students: every one once, next to other tasks' right and wrong.

    Each task starts one variant further on than the task before it, and short lists are filled up
    with their first correct variant.
    """
    size = max(map(len, exercise.variants.values()))
    dealt: dict[str, dict[str, Variant]] = {f"{DEALT}{i:02}": {} for i in range(size)}
    for shift, (task, variants) in enumerate(exercise.variants.items()):
        filler = next(variant for variant in variants if isinstance(variant, Correct))
        for i in range(size):
            dealt[f"{DEALT}{(i + 2 * shift) % size:02}"][task] = (
                variants[i] if i < len(variants) else filler
            )
    return dealt


def hand_in(course: Path, exercise: Exercise, student: str, cells: Mapping[str, str]) -> None:
    """Submit the release notebook with the cells of these grade ids filled in."""
    notebook = read(course / "release" / exercise.wing / exercise.path.name)
    for cell in notebook["cells"]:
        cell["source"] = cells.get(marks(cell).get("grade_id", ""), cell["source"])
    if student.startswith(DEALT):
        # Students may delete what nbgrader doesn't mark; it spares drawing every picture so often.
        notebook["cells"] = [cell for cell in notebook["cells"] if marks(cell)]
    if student == PRYING:
        final = {"cell_type": "code", "id": "peek", "metadata": {}, "source": "print(In)"}
        notebook["cells"].append({**final, "outputs": [], "execution_count": None})
    folder = course / "submitted" / student / exercise.wing
    folder.mkdir(parents=True)
    (folder / exercise.path.name).write_text(json.dumps(notebook), encoding="utf-8")


def spy_on(source: str) -> str:
    """Wrap all functions of an answer so that they tell what they see."""
    names = [node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    return source + SPY + "\n".join(f"{name} = _spy({name})" for name in names)


def open_course(course: Path, exercise: Exercise) -> None:
    """Make a course of one notebook: its source, the release, and all submissions."""
    folder = course / "source" / exercise.wing
    shutil.copytree(exercise.path.parent, folder, ignore=shutil.ignore_patterns("*.ipynb"))
    shutil.copy(exercise.path, folder)
    shutil.copy(EXERCISES / "nbgrader_config.py", course)
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", "generate_assignment", exercise.wing],
        cwd=course,
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"nbgrader generate_assignment failed:\n{done.stderr}")

    solutions = {
        marks(cell)["grade_id"]: cell["source"]
        for cell in exercise.source["cells"]
        if marks(cell).get("solution")
    }
    hand_in(course, exercise, INSTRUCTOR, solutions)
    hand_in(course, exercise, UNTOUCHED, {})
    correct = {
        task: next(variant.source for variant in variants if isinstance(variant, Correct))
        for task, variants in exercise.variants.items()
    }
    hand_in(course, exercise, PRYING, {task: spy_on(code) for task, code in correct.items()})
    for student, variants in answers(exercise).items():
        hand_in(course, exercise, student, {task: v.source for task, v in variants.items()})


def run_for(
    app: str, course: Path, assignment: str, students: Iterable[str], executor: Executor
) -> None:
    """Run one of nbgrader's own commands, `AutogradeApp` say, once for each of the students."""
    list(executor.map(_run_app, repeat(app), repeat(course), repeat(assignment), students))


def handed_in(course: Path) -> list[str]:
    """Return the names of all students who submitted something."""
    return sorted(path.name for path in (course / "submitted").iterdir())


def autograde(course: Path, assignment: str, executor: Executor) -> None:
    """Grade every submission into the gradebook."""
    run_for("AutogradeApp", course, assignment, [INSTRUCTOR, UNTOUCHED, PRYING], executor)
    command = [sys.executable, "-m", "course_grader", assignment, f"--db={_database(course)}"]
    if shutil.which("bwrap") is None:
        command.append("--no-sandbox")
    done = subprocess.run(
        command, cwd=course, env=_environment(), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"course-grade failed:\n{done.stdout}\n{done.stderr}")


def _database(course: Path) -> str:
    """Several processes write to one SQLite file: let them wait for each other."""
    return f"sqlite:///{course / 'gradebook.db'}?timeout=60"


def _environment() -> dict[str, str]:
    """nbgrader calls alembic, which may be installed next to a Python that is not on the path."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return {**os.environ, "PATH": path}


def _run_app(name: str, course: Path, assignment: str, student: str) -> None:
    """Run one nbgrader command in this process, which keeps what it has imported."""
    from nbgrader import apps

    command = getattr(apps, name)()
    options = [f"--course-dir={course}", f"--db={_database(course)}", f"--student={student}"]
    try:
        command.initialize([*options, f"--assignment={assignment}", "--log-level=ERROR"])
        command.start()
    except SystemExit as error:
        raise RuntimeError(f"{name} failed for {student}; its log is on stderr") from error


@dataclass(frozen=True)
class Grade:
    """One row of the gradebook."""

    auto: float | None
    most: float
    needs_person: bool


def read_gradebook(course: Path, exercise: Exercise) -> dict[str, dict[str, Grade]]:
    """Return each student's grades by grade id."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        return {
            submission.student.id: {
                grade.name: Grade(grade.auto_score, grade.max_score, grade.needs_manual_grade)
                for grade in submission.grades
            }
            for submission in gradebook.notebook_submissions(exercise.chapter, exercise.wing)
        }


def _text(page: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", page))


@dataclass(frozen=True)
class Proof:
    """What came of the submissions to one exercise."""

    exercise: Exercise
    course: Path
    grades: Mapping[str, Mapping[str, Grade]]

    def score(self, student: str, task: str) -> float:
        """Return a student's points for a task."""
        return sum(self.grades[student][cell].auto or 0.0 for cell in self.exercise.points(task))

    def feedback(self, student: str) -> str:
        """Return the HTML of a student's feedback page."""
        folder = self.course / "feedback" / student / self.exercise.wing
        return (folder / f"{self.exercise.chapter}.html").read_text(encoding="utf-8")

    def message(self, student: str, task: str) -> str:
        """Return the outputs below a task's test cells on the feedback page; not their source."""
        page, outputs = self.feedback(student), []
        for cell in self.exercise.points(task):
            _, _, rest = page.partition(f'<a name="{cell}">')
            this_cell, _, _ = rest.partition('<div class="cell ')
            _, _, output = this_cell.partition('<div class="output_wrapper">')
            outputs.append(_text(output))
        return "\n".join(outputs)

    def shown(self, student: str) -> str:
        """Return all text of a feedback page, squashed."""
        return squash(_text(self.feedback(student)))

    def submitted(self, student: str) -> str:
        """Return the text of what a student handed in, squashed."""
        folder = self.course / "submitted" / student / self.exercise.wing
        cells = read(folder / self.exercise.path.name)["cells"]
        return squash("\n".join(cell["source"] for cell in cells))

    def outputs(self, student: str) -> list[Any]:
        """Return every output of the autograded notebook."""
        folder = self.course / "autograded" / student / self.exercise.wing
        cells = read(folder / self.exercise.path.name)["cells"]
        return [output for cell in cells for output in cell.get("outputs", [])]


def prove(exercise: Exercise, course: Path, executor: Executor) -> Proof:
    """Run the whole pipeline for one exercise in an empty directory, which becomes the course's.

    The executor's workers must be processes: nbgrader changes the working directory and the
    environment.
    """
    open_course(course, exercise)
    autograde(course, exercise.wing, executor)
    run_for("GenerateFeedbackApp", course, exercise.wing, handed_in(course), executor)
    return Proof(exercise, course, executor.submit(read_gradebook, course, exercise).result())
