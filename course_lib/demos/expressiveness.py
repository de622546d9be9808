"""Demos of the chapter on expressiveness: hinges, one a hidden neuron, add up to a curve.

Equation of the network: ``y = relu(x @ W1 + b1) @ W2 + b2``.
"""

from collections.abc import Callable, Mapping
from functools import cache

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from course_lib._checks import Array, check_array
from course_lib.architecture import Dense, ReLU, Sequential, zeros
from course_lib.plotting import style
from course_lib.training import Adam, MeanSquaredError


def dense(W: ArrayLike, b: ArrayLike) -> Dense:
    """Make a layer of numbers written by hand: W of shape (D_in, D_out), b of shape (D_out,).

    Examples
    --------
    >>> dense([[2.0]], [1.0]).forward([[3.0]])
    array([[7.]])
    """
    W = check_array(W, "dense", "W", ("D_in", "D_out"))
    layer = Dense(*W.shape, rng=np.random.default_rng(0), initializer=zeros)
    layer.W.value[:] = W
    layer.b.value[:] = check_array(b, "dense", "b", (W.shape[1],))
    return layer


def through_points(values: ArrayLike) -> Sequential:
    """Write down a network of one hidden layer that passes through points above [0, 1].

    Parameters
    ----------
    values : array_like of shape (n + 1,)
        Heights above the n + 1 equally spaced ends of n pieces, from x = 0 to x = 1; n ≥ 1.

    Returns
    -------
    Sequential
        ``y = values[0] + relu(x - left) @ bends`` with n hidden neurons; x has shape (N, 1).

    Examples
    --------
    >>> through_points([0.0, 1.0, 0.0]).forward([[0.25], [0.5], [0.75]])
    array([[0.5],
           [1. ],
           [0.5]])
    """
    values = check_array(values, "through_points", "values", ("n + 1",))
    n = len(values) - 1
    left = np.arange(n) / n  # where each piece begins, and its hinge opens
    slopes = n * np.diff(values)
    bends = np.diff(slopes, prepend=0.0)  # by how much the slope changes there
    hidden = dense(np.ones((1, n)), -left)
    return Sequential(hidden, ReLU(), dense(bends[:, None], values[:1]))


CURVES: Mapping[str, Callable[[Array], Array]] = {
    "sine": lambda x: np.sin(2 * np.pi * x),
    "corner": lambda x: np.abs(2 * x - 1),
    "square root": np.sqrt,
}
WRITTEN, TRAINED = "written down", "trained"
_FINE = np.linspace(0, 1, 1001)


@cache
def fitted(curve: str, hidden: int, weights: str) -> Sequential:
    """Return a network 1 → `hidden` → 1 for a curve of `CURVES`, written down or trained.

    Training starts with hinges at random places and takes 2,000 steps of Adam on 200 points.

    Examples
    --------
    >>> fitted("sine", 4, WRITTEN)
    Sequential(Dense(1, 4), ReLU(), Dense(4, 1))
    """
    f = CURVES[curve]
    if weights == WRITTEN:
        return through_points(f(np.linspace(0, 1, hidden + 1)))
    rng = np.random.default_rng(0)
    W1 = rng.choice([-1.0, 1.0], (1, hidden))
    first = dense(W1, -W1[0] * rng.uniform(0, 1, hidden))
    model = Sequential(first, ReLU(), Dense(hidden, 1, rng=rng))
    loss_fn, optimizer = MeanSquaredError(), Adam(model.parameters(), lr=0.02)
    x = np.linspace(0, 1, 200)[:, None]
    for _ in range(2000):
        loss_fn.forward(model.forward(x), f(x))
        model.zero_grad()
        model.backward(loss_fn.backward())
        optimizer.step()
    return model


def largest_error(curve: str, hidden: int, weights: str) -> float:
    """Return the largest distance on [0, 1] between a curve and the network fitted to it.

    Examples
    --------
    >>> largest_error("corner", 2, WRITTEN)
    0.0
    """
    y = fitted(curve, hidden, weights).forward(_FINE[:, None])[:, 0]
    return float(np.abs(y - CURVES[curve](_FINE)).max())


def draw_fit(curve: str, hidden: int, weights: str) -> Figure:
    """Draw a curve, a network's answer with its kinks, and what each hidden neuron adds to it.

    Examples
    --------
    >>> draw_fit("sine", 4, WRITTEN).axes[1].get_xlabel()
    'x'
    """
    model = fitted(curve, hidden, weights)
    W1, b1, W2, _ = (parameter.value for parameter in model.parameters())
    y = model.forward(_FINE[:, None])[:, 0]
    figure = style.figure(6.4, 5.0)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=[3, 2])
    blue, orange = style.CLASS_COLORS[:2]
    top.plot(_FINE, CURVES[curve](_FINE), color=style.MUTED, linestyle="--", label=curve)
    top.plot(_FINE, y, color=blue, label="network")
    at = -b1 / W1[0]
    at = at[(at >= 0) & (at <= 1)]
    top.plot(at, np.interp(at, _FINE, y), "o", color=blue, label="kink")
    top.set(ylim=(-1.35, 1.35), title=f"largest error {largest_error(curve, hidden, weights):.3f}")
    top.legend(loc="lower left")
    hinges = np.maximum(_FINE[:, None] @ W1 + b1, 0) * W2[:, 0]  # (1001, hidden)
    bottom.plot(_FINE, hinges, color=orange, linewidth=1.2)
    bottom.set(xlim=(-0.02, 1.02), ylim=(-9, 9), xlabel="x", ylabel="hinges")
    return figure


def describe_fit(curve: str, hidden: int, weights: str) -> str:
    """Say in words what `draw_fit` shows.

    Examples
    --------
    >>> describe_fit("corner", 2, WRITTEN)
    'The corner and a network of 2 hidden neurons, written down: largest error 0.000.'
    """
    units = f"{hidden} hidden neuron{'' if hidden == 1 else 's'}"
    error = largest_error(curve, hidden, weights)
    return f"The {curve} and a network of {units}, {weights}: largest error {error:.3f}."
