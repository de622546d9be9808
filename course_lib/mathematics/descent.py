"""A walk downhill that leaves a trace: what an optimizer does, step by step.

Equation of a step: ``x_next = x + change(gradient(x))``.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from course_lib._checks import Array, check_array, check_count
from course_lib.architecture import Parameter
from course_lib.mathematics.landscapes import Landscape
from course_lib.mathematics.schedules import Schedule
from course_lib.training import Optimizer

_FAR = 1e30  # beyond it a descent has diverged; squares and cubes still fit in a float


def descend(
    landscape: Landscape,
    start: ArrayLike,
    optimizer: Callable[[list[Parameter]], Optimizer],
    *,
    steps: int,
    schedule: Schedule | None = None,
) -> Array:
    """Walk down from `start`, and return the places where the walk has been.

    Parameters
    ----------
    landscape : Landscape
    start : array_like of shape (D,)
    optimizer : callable
        Takes the list of parameters and returns the optimizer that moves them, such as
        ``lambda parameters: SGD(parameters, lr=0.1)``.
    steps : int
        At least 1.
    schedule : Schedule, optional
        Sets the optimizer's rate before each step.

    Returns
    -------
    ndarray of shape (steps + 1, D)
        Beginning with `start`. Shorter if the walk diverged: it ends as soon as a coordinate is
        beyond 1e30, for no picture shows more than that.

    Raises
    ------
    ValueError, TypeError
        If an argument doesn't fit.

    Examples
    --------
    >>> from course_lib.mathematics import Quadratic
    >>> from course_lib.training import SGD
    >>> bowl = Quadratic([[1.0, 0.0], [0.0, 2.0]])
    >>> descend(bowl, [1.0, 1.0], lambda parameters: SGD(parameters, lr=0.5), steps=2)
    array([[1.  , 1.  ],
           [0.5 , 0.  ],
           [0.25, 0.  ]])
    """
    steps = check_count(steps, "descend", "steps")
    position = Parameter(check_array(start, "descend", "start", landscape.minimum.shape))
    mover = optimizer([position])
    path = [position.value.copy()]
    for step in range(steps):
        if schedule is not None:
            mover.lr = schedule(step)
        position.zero_grad()
        position.grad += landscape.gradient(position.value)
        mover.step()
        path.append(position.value.copy())
        if not np.abs(position.value).max() < _FAR:
            break
    return np.array(path)
