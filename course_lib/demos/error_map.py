"""Demo of the chapter on hyperparameters: a map of the error over learning rate and width.

Equation of a cell: ``error = 1 - accuracy`` on pictures that the network did not learn from.
"""

from functools import cache

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from course_lib._checks import Array
from course_lib.architecture import ReLU
from course_lib.demos.hyperparameters import study_data, validation_errors
from course_lib.plotting import style
from course_lib.training import DivergenceError

RATES = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
NEURONS = (8, 16, 32, 64)
LAYERS = (1, 3)
EPOCHS = (1, 2, 4, 8)
PARTS = ("A", "B", "both")


@cache
def _errors(layers: int) -> Array:
    """Measure (part, epoch, neurons, rate): each part of the pictures is left out of training once.

    NaN where the network diverged.
    """
    X, _, y, _ = study_data()
    errors = np.full((2, EPOCHS[-1], len(NEURONS), len(RATES)), np.nan)
    for part, row, column in np.ndindex(2, len(NEURONS), len(RATES)):
        held_out = np.arange(len(X)) % 10 == part
        setting = {"layers": layers, "neurons": NEURONS[row], "activation": ReLU}
        setting |= {"lr": RATES[column], "epochs": EPOCHS[-1]}
        data = X[~held_out], y[~held_out], X[held_out], y[held_out]
        try:
            rng = np.random.default_rng([part, row, column])
            for epoch, error in enumerate(validation_errors(setting, *data, rng)):
                errors[part, epoch, row, column] = error
        except DivergenceError:
            pass  # NaN says it
    return errors


def curves(layers: int) -> dict[float, Array]:
    """Return the errors after each epoch with 64 neurons on the pictures A, by learning rate.

    Examples
    --------
    >>> list(curves(1))
    [0.03, 0.3, 3.0]
    """
    errors = _errors(layers)[0, :, -1]
    shown = {rate: errors[:, RATES.index(rate)] for rate in (0.03, 0.3, 3.0)}
    return {rate: some[~np.isnan(some)] for rate, some in shown.items()}


def map_of_errors(layers: int, epochs: int, pictures: str) -> Array:
    """Return the errors of all cells of the map, NaN where a network diverged.

    Parameters
    ----------
    layers : int
        Hidden layers, one of `LAYERS`.
    epochs : int
        One of `EPOCHS`.
    pictures : str
        Which held-out part measured them, one of `PARTS`; "both" is the mean of the two.

    Returns
    -------
    ndarray of shape (len(NEURONS), len(RATES))

    Examples
    --------
    >>> map_of_errors(1, 8, "A").shape
    (4, 6)
    """
    errors = _errors(layers)[:, epochs - 1]
    chosen: Array = errors.mean(axis=0) if pictures == PARTS[-1] else errors[PARTS.index(pictures)]
    return chosen


def _best(errors: Array) -> Array:
    """Return the (row, column) pairs of the smallest error; there may be several."""
    return np.argwhere(errors <= np.nanmin(errors) + 1e-12)


def draw_map(layers: int, epochs: int, pictures: str) -> Figure:
    """Draw the validation error by learning rate and width, the best cells framed.

    Examples
    --------
    >>> draw_map(1, 8, "A").axes[0].get_xlabel()
    'learning rate'
    """
    errors = map_of_errors(layers, epochs, pictures)
    figure = style.figure(7.2, 4.2)
    ax = figure.subplots()
    # Only the lighter part of the colours, on which dark numbers are legible.
    ax.imshow(errors, cmap="Blues", norm=LogNorm(0.008, 25), aspect="auto", origin="lower")
    for row, column in np.ndindex(errors.shape):
        error = errors[row, column]
        text = "×" if np.isnan(error) else f"{error:.1%}"
        ax.text(column, row, text, ha="center", va="center")
    for row, column in _best(errors):
        corner = (column - 0.47, row - 0.47)
        ax.add_patch(Rectangle(corner, 0.94, 0.94, fill=False, edgecolor=style.NEGATIVE, lw=2.5))
    ax.set_xticks(range(len(RATES)), [f"{rate:g}" for rate in RATES])
    ax.set_yticks(range(len(NEURONS)), [str(neurons) for neurons in NEURONS])
    ax.grid(False)
    ax.set(xlabel="learning rate", ylabel="neurons in each hidden layer")
    where = "mean of A and B" if pictures == PARTS[-1] else f"validation pictures {pictures}"
    ax.set_title(f"wrong answers after epoch {epochs}, {where}")
    return figure


def describe_map(layers: int, epochs: int, pictures: str) -> str:
    """Say in words what `draw_map` shows.

    Examples
    --------
    >>> describe_map(1, 8, "A")[:25]
    'One hidden layer, epoch 8'
    """
    errors = map_of_errors(layers, epochs, pictures)
    where = "mean of A and B" if pictures == PARTS[-1] else f"validation pictures {pictures}"
    best = [f"{NEURONS[row]} neurons with rate {RATES[column]:g}" for row, column in _best(errors)]
    diverged = int(np.isnan(errors).sum())
    by_rate = [f"{error:.1%}" for error in errors[-1]]
    text = (
        f"{'One hidden layer' if layers == 1 else 'Three hidden layers'}, epoch {epochs}, "
        f"{where}. Fewest wrong answers, {np.nanmin(errors):.1%}: {' and '.join(best)}. "
        f"With {NEURONS[-1]} neurons, from the smallest rate to the largest: "
        f"{', '.join('diverged' if e == 'nan%' else e for e in by_rate)}."
    )
    return f"{text} In {diverged} of {errors.size} cells training diverged." if diverged else text
