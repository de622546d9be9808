"""Demos of the chapter on activation functions: the slope that a value meets, and softmax's.

Equation of one step back: ``dx = dy * f′(x)``; through k layers alike ``f′(x)**k`` is left of 1.
"""

from collections.abc import Callable, Mapping

import numpy as np
from matplotlib.figure import Figure

from course_lib._checks import Array
from course_lib.architecture import (
    Activation,
    LeakyReLU,
    ReLU,
    Sequential,
    Sigmoid,
    Tanh,
    softmax,
)
from course_lib.plotting import style

ACTIVATIONS: Mapping[str, tuple[Callable[[], Activation], tuple[float, float]]] = {
    "sigmoid": (Sigmoid, (-0.15, 1.15)),
    "tanh": (Tanh, (-1.3, 1.3)),
    "ReLU": (ReLU, (-1.0, 6.5)),
    "leaky ReLU": (lambda: LeakyReLU(0.1), (-1.0, 6.5)),
}
"""What makes each activation, and the heights that a figure of it shows."""

LAYERS = 6
LOGITS = (0.0, 1.0)  # of the first two classes; the third is the reader's
CLASSES = ["A", "B", "C"]


def value_and_slope(activation: Activation, z: Array) -> tuple[Array, Array]:
    """Return ``f(z)`` and ``f′(z)``: what goes on forward, and what is left of a gradient of 1.

    Examples
    --------
    >>> value_and_slope(Sigmoid(), np.array([0.0]))
    (array([0.5]), array([0.25]))
    """
    y = activation.forward(z)
    return y, activation.backward(np.ones_like(y))


def _minus(text: str) -> str:
    """Write negative numbers as Matplotlib's axes do, with a minus sign."""
    return text.replace("-", "−")


def dead_units(model: Sequential, x: Array) -> int:
    """Count the units behind an `Activation` of a network whose slope is 0 for every row of x.

    Examples
    --------
    >>> from course_lib import Dense
    >>> layer = Dense(2, 3, rng=np.random.default_rng(0))
    >>> layer.b.value[:2] = -100
    >>> dead_units(Sequential(layer, ReLU()), np.eye(2))
    2
    """
    dead = 0
    for layer in model:
        x = layer.forward(x)
        if isinstance(layer, Activation):
            dead += int((layer.backward(np.ones_like(x)) == 0).all(axis=0).sum())
    return dead


def draw_slope(activation: str, z: float) -> Figure:
    """Draw a function with its tangent, its derivative, and what six such slopes leave of 1.

    Parameters
    ----------
    activation : str
        A key of `ACTIVATIONS`.
    z : float
        The weighted sum, -6 … 6.

    Examples
    --------
    >>> len(draw_slope("sigmoid", 0.0).axes)
    3
    """
    make, ylim = ACTIVATIONS[activation]
    f = make()
    grid = np.linspace(-6, 6, 481)
    values, slopes = value_and_slope(f, grid)
    (y,), (slope,) = value_and_slope(f, np.array([z]))
    figure = style.figure(7.6, 3.0)
    figure.set_layout_engine("none")  # fixed places: nothing jumps between frames
    edges = {"left": 0.085, "right": 0.99, "bottom": 0.18, "top": 0.88, "wspace": 0.28}
    left, middle, right = figure.subplots(1, 3, gridspec_kw=edges)
    left.plot(grid, values, color=style.CLASS_COLORS[0])
    left.plot(grid, y + slope * (grid - z), "--", color=style.MUTED, linewidth=1.2)
    left.plot(z, y, "o", color=style.CLASS_COLORS[1], markersize=9)
    left.set(ylim=ylim, xlabel="z", title=_minus(f"f({z:g}) = {y:.3g}"))
    # A jump is drawn as a gap: no derivative lies between its two values.
    shown = slopes.copy()
    shown[1:][np.abs(np.diff(slopes)) > 0.5] = np.nan
    middle.plot(grid, shown, color=style.CLASS_COLORS[0])
    middle.plot(z, slope, "o", color=style.CLASS_COLORS[1], markersize=9)
    middle.set(ylim=(-0.06, 1.1), xlabel="z", title=_minus(f"f′({z:g}) = {slope:.3g}"))
    depth = np.arange(1, LAYERS + 1)
    right.bar(depth, slope**depth, color=style.CLASS_COLORS[1])
    right.set(ylim=(-0.06, 1.1), xlabel="layers back", xticks=depth)
    right.set_title(_minus(f"of 1 remains {slope**LAYERS:.2g}"))
    return figure


def describe_slope(activation: str, z: float) -> str:
    """Say in words what `draw_slope` shows.

    Examples
    --------
    >>> describe_slope("sigmoid", 0.0)
    'At z = 0 the sigmoid is 0.5, and its slope is 0.25. After 6 layers 0.000244 of 1 is left.'
    """
    (y,), (slope,) = value_and_slope(ACTIVATIONS[activation][0](), np.array([z]))
    left = slope**LAYERS
    rest = "nothing" if left == 0 else "all" if left == 1 else f"{left:.3g}"
    return (
        f"At z = {z:g} the {activation} is {y:.3g}, and its slope is {slope:.3g}. "
        f"After {LAYERS} layers {rest} of 1 is left."
    )


def softmax_jacobian(z: Array) -> Array:
    """Return the slopes of all probabilities for all logits: ``J = diag(p) - outer(p, p)``.

    Parameters
    ----------
    z : ndarray of shape (K,)

    Returns
    -------
    ndarray of shape (K, K)
        Row j, column k: how fast p_j grows with z_k.

    Examples
    --------
    >>> softmax_jacobian(np.zeros(2))
    array([[ 0.25, -0.25],
           [-0.25,  0.25]])
    """
    p = softmax(z)
    J: Array = np.diag(p) - np.outer(p, p)
    return J


def draw_softmax(logit: float) -> Figure:
    """Draw the probabilities of three classes, and their Jacobian, for a logit of class C.

    Examples
    --------
    >>> len(draw_softmax(0.0).axes)
    2
    """
    z = np.array([*LOGITS, logit])
    p, J = softmax(z), softmax_jacobian(z)
    figure = style.figure(7.2, 3.4)
    left, right = figure.subplots(1, 2, width_ratios=[1, 1.1])
    left.bar(CLASSES, p, color=style.CLASS_COLORS[:3])
    for i in range(3):
        left.text(i, p[i] + 0.02, f"{p[i]:.3f}", ha="center")
    left.set(ylim=(0, 1.1), title="probabilities")
    left.set_xlabel(_minus(f"logits {z[0]:g}, {z[1]:g}, {z[2]:g}"))
    right.imshow(J, cmap=style.DIVERGING, vmin=-0.5, vmax=0.5)
    for j, k in np.ndindex(3, 3):
        right.text(k, j, _minus(f"{J[j, k]:.3f}"), ha="center", va="center")
    right.grid(visible=False)
    right.set(xticks=range(3), yticks=range(3), xticklabels=CLASSES, yticklabels=CLASSES)
    right.set(title="Jacobian", xlabel="logit that moves", ylabel="probability")
    return figure


def describe_softmax(logit: float) -> str:
    """Say in words what `draw_softmax` shows.

    Examples
    --------
    >>> describe_softmax(1.0)
    'Probabilities A 0.155, B 0.422, C 0.422. The largest slope is 0.244.'
    """
    z = np.array([*LOGITS, logit])
    p = ", ".join(f"{name} {value:.3f}" for name, value in zip(CLASSES, softmax(z), strict=True))
    return f"Probabilities {p}. The largest slope is {softmax_jacobian(z).max():.3f}."
