"""Answers that students give, so that a test can hold every exercise to what it promises.

`variants/<wing>/<chapter>.py` belongs to `source/<wing>/<chapter>.ipynb` and defines one thing:
`TASKS`, which maps the grade id of each solution cell to a list of `Correct` and `Wrong` answers.
An answer is the whole text of the cell, as a student would write it. Each runs by itself, in a
notebook in which `setup` has run. `tests/exercises` grades all of them with nbgrader.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Correct:
    """An answer that must get all points of its task.

    Have at least three a task, and make them differ as students do: loops, vectorized, another
    formula, float32, other return types that the text allows.
    """

    source: str


@dataclass(frozen=True)
class Wrong:
    """A typical mistake: it must lose points, and its feedback page must contain `message`.

    Have at least eight a task. Each is wrong in one way; what it does right may keep its points.
    """

    source: str
    message: str


Variant = Correct | Wrong
Tasks = Mapping[str, Sequence[Variant]]
