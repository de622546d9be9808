"""Demos of the chapter on neurons: move a decision line by hand, then watch it learn.

Equation of the line: ``x @ W + b = 0``.
"""

from functools import cache

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from course_lib._checks import Array, check_array
from course_lib.architecture import Perceptron
from course_lib.datasets import load_digits
from course_lib.plotting import style
from course_lib.plotting.decision import plot_decision_line, plot_points

NAMES = ["zero", "one"]
SHOWN = 120  # as many points as a figure shows without crowding
XLIM, YLIM = (-0.06, 1.06), (-0.02, 0.78)


def centre_and_sides(images: Array) -> Array:
    """Measure two things of a digit: the ink in its centre and the ink at its sides.

    Parameters
    ----------
    images : array_like of shape (N, 64)
        8 × 8 pixels row by row, 0 (paper) to 1 (ink).

    Returns
    -------
    ndarray of shape (N, 2)
        Mean ink of the 4 pixels in the centre, and of 16 pixels left and right of it.

    Examples
    --------
    >>> centre_and_sides(np.ones((3, 64))).shape
    (3, 2)
    """
    pixels = check_array(images, "centre_and_sides", "images", ("N", 64)).reshape(-1, 8, 8)
    centre = pixels[:, 3:5, 3:5].mean(axis=(1, 2))
    sides = pixels[:, 2:6, [1, 2, 5, 6]].mean(axis=(1, 2))
    return np.stack([centre, sides], axis=1)  # (N, 2)


@cache
def zeros_and_ones() -> tuple[Array, NDArray[np.int64]]:
    """Load the two features and the labels of all handwritten zeros and ones.

    Returns
    -------
    x : ndarray of shape (360, 2), read-only
    y : ndarray of shape (360,), read-only

    Examples
    --------
    >>> x, y = zeros_and_ones()
    >>> x.shape
    (360, 2)
    """
    images, digits = load_digits()
    chosen = digits < 2
    x, y = centre_and_sides(images[chosen]), digits[chosen]
    x.flags.writeable = y.flags.writeable = False  # they are shared between calls
    return x, y


def _frame() -> tuple[Figure, Axes]:
    figure = style.figure(6.4, 4.8)
    ax = figure.subplots()
    # Of equal scale, or else the arrow would not look perpendicular to the line.
    ax.set(xlim=XLIM, ylim=YLIM, aspect="equal")
    ax.set(xlabel="ink in the centre", ylabel="ink at the sides")
    return figure, ax


def _is_in_view(W: Array, b: float) -> bool:
    """Tell whether the line passes through the picture: its corners then lie on both sides."""
    corners = np.array([(x, y) for x in XLIM for y in YLIM])
    z = corners @ W + b
    return bool(z.min() < 0 < z.max())


def _count(number: int, thing: str) -> str:
    return f"{number or 'no'} {thing}{'' if number == 1 else 's'}"


def _outcome(W: Array, b: float) -> tuple[Array, NDArray[np.int64], NDArray[np.bool_]]:
    x, y = zeros_and_ones()
    x, y = x[:SHOWN], y[:SHOWN]
    return x, y, ((x @ W + b > 0).astype(int) != y)


def draw_decision_line(centre_weight: float, sides_weight: float, bias: float) -> Figure:
    """Draw real digits as points, and the line of a neuron with these weights and this bias.

    Points that the neuron gets wrong are ringed.

    Examples
    --------
    >>> draw_decision_line(2, -1, 0).axes[0].get_xlabel()
    'ink in the centre'
    """
    W = np.array([centre_weight, sides_weight], dtype=float)
    x, y, wrong = _outcome(W, bias)
    figure, ax = _frame()
    plot_points(ax, x, y, names=NAMES, highlight=wrong)
    plot_decision_line(ax, W, bias, normal=True)
    if W.any() and not _is_in_view(W, bias):
        ax.text(0.03, 0.05, "the line is outside the picture", transform=ax.transAxes)
    ax.legend(loc="upper right")
    ax.set_title(f"{_count(int(wrong.sum()), 'mistake')} in {SHOWN} digits")
    return figure


def describe_decision_line(centre_weight: float, sides_weight: float, bias: float) -> str:
    """Say in words what `draw_decision_line` shows.

    Examples
    --------
    >>> describe_decision_line(0, 0, 1)
    'No line: the neuron answers one everywhere. It gets 61 zeros and no ones wrong.'
    """
    W = np.array([centre_weight, sides_weight], dtype=float)
    _, y, wrong = _outcome(W, bias)
    if not W.any():
        where = f"No line: the neuron answers {NAMES[int(bias > 0)]} everywhere."
    else:
        sides = ["more" if weight > 0 else "less" for weight in W]
        parts = [
            f"{side} ink {place}"
            for weight, side, place in zip(W, sides, ("in the centre", "at the sides"), strict=True)
            if weight
        ]
        where = f"The arrow of the line points towards {' and '.join(parts)}."
        if not _is_in_view(W, bias):
            where = "The line is outside the picture."
    zeros, ones = int((wrong & (y == 0)).sum()), int((wrong & (y == 1)).sum())
    return f"{where} It gets {_count(zeros, 'zero')} and {_count(ones, 'one')} wrong."


SEVEN, NINE = 7, 9


@cache
def _learning() -> tuple[Array, Array]:
    """Let a perceptron learn to tell 7 from 9; return W and the accuracy after each update."""
    images, digits = load_digits()
    rng = np.random.default_rng(2)
    shuffled = rng.permutation(np.flatnonzero((digits == SEVEN) | (digits == NINE)))
    train, test = np.split(shuffled, [len(shuffled) * 3 // 4])
    neuron = Perceptron(64)
    weights: list[Array] = []
    accuracies: list[float] = []
    mistakes = True
    while mistakes:
        mistakes = False
        for i in rng.permutation(train):
            if not weights or neuron.update(images[i], int(digits[i] == NINE)):
                mistakes = True
                weights.append(neuron.W.copy())
                right = neuron.forward(images[test]) == (digits[test] == NINE)
                accuracies.append(right.mean())
    return np.array(weights), np.array(accuracies)


def learning_steps() -> range:
    """Return the numbers of updates that `draw_learning` can show: 0 until no mistake is left.

    Examples
    --------
    >>> learning_steps()[0]
    0
    """
    return range(len(_learning()[0]))


def draw_learning(updates: int) -> Figure:
    """Draw the weights of a perceptron that learns to tell 7 from 9, and how well it does so far.

    Parameters
    ----------
    updates : int
        One of `learning_steps`.

    Examples
    --------
    >>> draw_learning(0).axes[1].get_xlabel()
    'updates'
    """
    weights, accuracies = _learning()
    figure = style.figure(6.4, 3.4)
    left, right = figure.subplots(1, 2, width_ratios=[1, 1.5])
    bound = np.abs(weights[-1]).max()
    left.imshow(weights[updates].reshape(8, 8), cmap=style.DIVERGING, vmin=-bound, vmax=bound)
    left.set(title=f"after {_count(updates, 'update')}", xticks=[], yticks=[])
    left.set_xlabel("blue: ink says 9\nbrown: ink says 7")
    left.spines[:].set_visible(True)
    right.plot(accuracies[: updates + 1], color=style.VALIDATION)
    right.plot(updates, accuracies[updates], "o", color=style.VALIDATION)
    right.set(xlim=(-1, len(weights)), ylim=(0.4, 1.03), xlabel="updates")
    right.set_ylabel("unseen digits answered right")
    right.set_title(f"{accuracies[updates]:.0%} right")
    return figure


def describe_learning(updates: int) -> str:
    """Say in words what `draw_learning` shows.

    Examples
    --------
    >>> describe_learning(0)
    'After no updates every weight is 0; 46% of the unseen sevens and nines are answered right.'
    """
    weights, accuracies = _learning()
    share = f"{accuracies[updates]:.0%} of the unseen sevens and nines are answered right"
    if updates == 0:
        return f"After no updates every weight is 0; {share}."
    W = weights[updates]
    rows, columns = np.unravel_index([W.argmax(), W.argmin()], (8, 8))
    return (
        f"After {_count(updates, 'update')} {share}. Ink speaks most for a 9 in row {rows[0] + 1}, "
        f"column {columns[0] + 1}, and most for a 7 in row {rows[1] + 1}, column {columns[1] + 1}."
    )
