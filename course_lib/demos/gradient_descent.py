"""Demos of the chapter on gradient descent: a line through a hundred measurements of a spring.

Equations: ``loss(W) = mean((X @ W - y)**2)``, ``dW = X.T @ dy`` with ``dy = 2 * (X @ W - y) / N``.
"""

from collections.abc import Iterator
from functools import cache

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_lib._checks import Array
from course_lib.architecture import Parameter
from course_lib.plotting import style
from course_lib.plotting.paths import plot_contours, plot_path
from course_lib.training import SGD, batches

EXAMPLES = 128
TRUE_W = np.array([1.5, 0.5])  # dm per kg, dm
NOISE = 0.5  # dm
START = np.array([-0.5, 1.0])
XLIM, YLIM = (-1.0, 3.4), (-1.3, 2.5)
_FAR = 1e6  # a weight beyond it has diverged: no picture shows more than that


@cache
def spring() -> tuple[Array, Array]:
    """Simulate measurements of a spring: load in kg against length in dm, with a shaky hand.

    The loads rise evenly from 0 to 2 kg; ``y = 1.5 * load + 0.5 + 0.5 * e``, with e drawn from a
    standard normal distribution.

    Returns
    -------
    X : ndarray of shape (128, 2), read-only
        Load and the constant 1, so that the intercept is a weight like any other.
    y : ndarray of shape (128,), read-only
        Length.

    Examples
    --------
    >>> X, y = spring()
    >>> X[0], X[-1]
    (array([0., 1.]), array([2., 1.]))
    """
    load = np.linspace(0, 2, EXAMPLES)
    X = np.column_stack([load, np.ones(EXAMPLES)])  # (N, 2)
    y = X @ TRUE_W + NOISE * np.random.default_rng(0).standard_normal(EXAMPLES)
    X.flags.writeable = y.flags.writeable = False  # they are shared between calls
    return X, y


def loss(W: Array) -> Array:
    """Return ``mean((X @ W - y)**2)`` over all measurements; W has shape (..., 2).

    Examples
    --------
    >>> loss(np.zeros((5, 4, 2))).shape
    (5, 4)
    """
    X, y = spring()
    mean: Array = ((W @ X.T - y) ** 2).mean(axis=-1)
    return mean


def gradient(X: Array, y: Array, W: Array) -> Array:
    """Return ``X.T @ dy`` with ``dy = 2 * (X @ W - y) / N``, for these N examples.

    Examples
    --------
    >>> gradient(np.array([[2.0, 1.0]]), np.array([3.0]), np.zeros(2))
    array([-12.,  -6.])
    """
    dy = 2 * (X @ W - y) / len(y)  # (N,)
    dW: Array = X.T @ dy  # (D,)
    return dW


@cache
def lowest() -> tuple[Array, float]:
    """Return the place of the lowest loss, from the normal equations, and that loss.

    Examples
    --------
    >>> X, y = spring()
    >>> bool(np.allclose(gradient(X, y, lowest()[0]), 0))
    True
    """
    X, y = spring()
    W: Array = np.linalg.lstsq(X, y)[0]
    return W, float(loss(W))


def walk(lr: float, size: int, epochs: int, seed: int = 0) -> Array:
    """Descend from `START` by mini-batches, and return the weights before and after every step.

    Returns
    -------
    ndarray of shape (steps + 1, 2)
        It ends early if a weight exceeds a million: the walk has diverged.

    Examples
    --------
    >>> walk(0.1, size=32, epochs=3).shape
    (13, 2)
    """
    return np.array(list(walk_steps(lr, size, epochs, np.random.default_rng(seed))))


def walk_steps(lr: float, size: int, epochs: int, rng: np.random.Generator) -> Iterator[Array]:
    """Yield the weights of `walk` one after the other.

    Examples
    --------
    >>> next(walk_steps(0.1, 32, 1, np.random.default_rng(0)))
    array([-0.5,  1. ])
    """
    X, y = spring()
    W = Parameter(START)
    optimizer = SGD([W], lr=lr)
    yield W.value.copy()
    for _ in range(epochs):
        for x, target in batches(X, y, size=size, rng=rng):
            W.zero_grad()
            W.grad += gradient(x, target, W.value)
            optimizer.step()
            yield W.value.copy()
            if np.abs(W.value).max() > _FAR:
                return


def plot_landscape(ax: Axes) -> Axes:
    """Draw the contours of the loss over slope and intercept, and a cross at its lowest point.

    Examples
    --------
    >>> plot_landscape(style.figure().subplots()).get_xlabel()
    'slope'
    """
    plot_contours(ax, loss, xlim=XLIM, ylim=YLIM, resolution=80)
    ax.plot(*lowest()[0], marker="+", color=style.INK, markersize=11, zorder=3)
    ax.set(xlabel="slope", ylabel="intercept", aspect="equal")
    return ax


def _steps(number: int) -> str:
    return f"{number or 'no'} step{'' if number == 1 else 's'}"


def draw_descent(rate: float, batch_size: int, epochs: int) -> Figure:
    """Draw the walk over the landscape, and the loss of all examples against the epochs.

    Examples
    --------
    >>> draw_descent(0.1, 128, 5).axes[1].get_xlabel()
    'epochs'
    """
    path = walk(rate, batch_size, epochs)
    losses = loss(path)
    figure = style.figure(7.2, 3.8)
    left, right = figure.subplots(1, 2, width_ratios=[1.25, 1])
    plot_landscape(left)
    plot_path(left, path)
    left.set_title(_steps(len(path) - 1))
    right.semilogy(np.arange(len(path)) * batch_size / EXAMPLES, losses, linewidth=1.5)
    right.axhline(lowest()[1], color=style.MUTED, linestyle="--", linewidth=1.2)
    right.set(xlim=(0, epochs), ylim=(0.15, 100), xlabel="epochs", title="loss of all examples")
    right.minorticks_off()
    return figure


def describe_descent(rate: float, batch_size: int, epochs: int) -> str:
    """Say in words what `draw_descent` shows.

    Examples
    --------
    >>> describe_descent(0.5, 1, 20)
    'After 321 steps of 1 example each the walk has diverged: a weight is beyond a million.'
    """
    path = walk(rate, batch_size, epochs)
    losses = loss(path)
    steps, uphill = len(path) - 1, int((np.diff(losses) > 0).sum())
    start = f"{_steps(steps)} of {batch_size} example{'' if batch_size == 1 else 's'} each"
    if np.abs(path[-1]).max() > _FAR:
        return f"After {start} the walk has diverged: a weight is beyond a million."
    return (
        f"After {start} the slope is {path[-1, 0]:.2f} and the intercept {path[-1, 1]:.2f}. "
        f"The loss is {losses[-1]:.3f}; the lowest is {lowest()[1]:.3f}. "
        f"{_steps(uphill).capitalize()} led uphill."
    )
