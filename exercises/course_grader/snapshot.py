"""A notebook's page of the gradebook, read once and carried to the worker.

It answers the questions that nbgrader's preprocessors ask the gradebook, and keeps what they write;
so they run unchanged far from any database.
"""

from types import SimpleNamespace
from typing import Any

from nbgrader.api import Gradebook, MissingEntry, Notebook


def read_source(notebook: Notebook) -> dict[str, Any]:
    """Return what the gradebook knows about the instructor's version (see `schema.SOURCE`)."""
    return {
        "name": notebook.name,
        "kernelspec": notebook.kernelspec,
        "cells": [
            {
                "name": cell.name,
                "cell_type": cell.cell_type,
                "source": cell.source or "",
                "locked": bool(cell.locked),
                "checksum": cell.checksum,
            }
            for cell in notebook.source_cells
        ],
        "grades": {cell.name: cell.max_score for cell in notebook.grade_cells},
        "solutions": [cell.name for cell in notebook.solution_cells],
        "tasks": {cell.name: cell.max_score for cell in notebook.task_cells},
    }


class Snapshot:
    """Stands in for a `nbgrader.api.Gradebook` that holds one notebook of one student.

    Parameters
    ----------
    source : dict
        From `read_source`.
    """

    def __init__(self, source: dict[str, Any]) -> None:
        self._name = source["name"]
        self._cells = {cell["name"]: SimpleNamespace(**cell) for cell in source["cells"]}
        self._grades, self._tasks = source["grades"], source["tasks"]
        self._solutions = source["solutions"]
        self._kernelspec = source["kernelspec"]
        self.scores: dict[str, SimpleNamespace] = {}
        self.comments: dict[str, SimpleNamespace] = {}
        self.db = SimpleNamespace(commit=lambda: None)

    def __deepcopy__(self, memo: dict[int, Any]) -> "Snapshot":
        """Stay one: nbconvert copies the resources that carry this, and the scores go here."""
        return self

    def find_notebook(self, name: str, assignment: str) -> SimpleNamespace:
        """Return the notebook with its cells and kernelspec."""
        return SimpleNamespace(
            name=name,
            kernelspec=self._kernelspec,
            source_cells=list(self._cells.values()),
            grade_cells=[SimpleNamespace(name=n, max_score=s) for n, s in self._grades.items()],
            solution_cells=[SimpleNamespace(name=n) for n in self._solutions],
            task_cells=[SimpleNamespace(name=n, max_score=s) for n, s in self._tasks.items()],
        )

    def find_source_cell(self, name: str, notebook: str, assignment: str) -> SimpleNamespace:
        """Return a cell as the instructor wrote it, or raise `MissingEntry`."""
        return self._of(self._cells, name)

    def find_graded_cell(self, name: str, notebook: str, assignment: str) -> SimpleNamespace:
        """Return the `max_score` of a graded or task cell, or raise `MissingEntry`."""
        return SimpleNamespace(max_score=self._of({**self._tasks, **self._grades}, name))

    def find_grade(self, name: str, notebook: str, assignment: str, student: str) -> Any:
        """Return a place for a score, or raise `MissingEntry`."""
        self._of({**self._tasks, **self._grades}, name)
        return self.scores.setdefault(name, SimpleNamespace(manual_score=None, auto_score=None))

    def find_comment(self, name: str, notebook: str, assignment: str, student: str) -> Any:
        """Return a place for a comment, or raise `MissingEntry`."""
        self._of({**self._tasks, **dict.fromkeys(self._solutions)}, name)
        return self.comments.setdefault(name, SimpleNamespace(auto_comment=None))

    def _of(self, table: dict[str, Any], name: str) -> Any:
        if name not in table:
            raise MissingEntry(f"No cell '{name}' in notebook '{self._name}'")
        return table[name]


def open_gradebook(db_url: str, course_id: str) -> Gradebook:
    """Open the gradebook, here and nowhere else, so that all openings agree."""
    return Gradebook(db_url, course_id) if course_id else Gradebook(db_url)
