"""The exercises of the course as their files tell them: cells, tasks, points, variants."""

import importlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from variants import Tasks

EXERCISES = Path(__file__).parents[2] / "exercises"
Cell = dict[str, Any]
Notebook = dict[str, Any]


def read(path: Path) -> Notebook:
    """Read a notebook with every source as one string."""
    notebook: Notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    return notebook


def marks(cell: Cell) -> Mapping[str, Any]:
    """Return a cell's nbgrader metadata, empty if it has none."""
    metadata: Mapping[str, Any] = cell["metadata"].get("nbgrader", {})
    return metadata


def region(source: str, name: str) -> str:
    """Return the lines between `### BEGIN <name>` and `### END <name>`, all such regions joined."""
    return "\n".join(re.findall(rf"(?s)### BEGIN {name}\n(.*?)### END {name}", source))


def squash(text: str) -> str:
    """Remove all white space, so that line breaks and indentation don't matter."""
    return re.sub(r"\s+", "", text)


@dataclass(frozen=True)
class Exercise:
    """One notebook below `exercises/source`, and its variants."""

    wing: str
    chapter: str

    def __str__(self) -> str:
        return f"{self.wing}/{self.chapter}"

    @property
    def path(self) -> Path:
        """The source notebook."""
        return EXERCISES / "source" / self.wing / f"{self.chapter}.ipynb"

    @cached_property
    def source(self) -> Notebook:
        """The source notebook's content."""
        return read(self.path)

    @cached_property
    def variants(self) -> Tasks:
        """The answers of `exercises/variants`, by the grade id of their cell."""
        tasks: Tasks = importlib.import_module(f"variants.{self.wing}.{self.chapter}").TASKS
        return tasks

    @property
    def graded(self) -> list[Cell]:
        """All cells that carry points."""
        return [cell for cell in self.source["cells"] if marks(cell).get("grade")]

    @property
    def manual(self) -> list[Cell]:
        """The cells that a person grades."""
        return [cell for cell in self.graded if marks(cell)["solution"]]

    @property
    def tasks(self) -> list[str]:
        """Grade ids of the cells in which a student writes code that tests grade."""
        return [
            marks(cell)["grade_id"]
            for cell in self.source["cells"]
            if marks(cell).get("solution") and not marks(cell)["grade"]
        ]

    def points(self, task: str) -> dict[str, float]:
        """Return the points of a task's test cells, which are called `<task>-<what they test>`."""
        return {
            marks(cell)["grade_id"]: float(marks(cell)["points"])
            for cell in self.graded
            if marks(cell)["grade_id"].partition("-")[0] == task
        }

    def secrets(self, name: str) -> list[str]:
        """Return the lines of all regions of this name, squashed, that stand nowhere else.

        Short lines are left out: a student may come to them without having seen them.
        """
        inside: list[str] = []
        outside: list[str] = []
        for cell in self.source["cells"]:
            inside += map(squash, region(cell["source"], name).splitlines())
            outside.append(re.sub(r"(?s)### BEGIN (.*?)\n.*?### END \1", "", cell["source"]))
        public = squash("".join(outside))
        return [line for line in inside if len(line) >= 12 and line not in public]


def find_exercises() -> list[Exercise]:
    """Return every exercise of the course."""
    paths = sorted((EXERCISES / "source").glob("*/*.ipynb"))
    return [Exercise(path.parent.name, path.stem) for path in paths]
