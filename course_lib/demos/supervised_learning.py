"""Demos of the chapter on supervised learning: two losses that disagree, and a memorizer.

Equations, with ``p = σ(z)``: ``(p - y)**2`` and ``-log(p of the label y)``.
"""

from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from course_lib._checks import Array, check_array, check_labels
from course_lib.architecture import sigmoid
from course_lib.plotting import style

Loss = Callable[[ArrayLike, int], tuple[Array, Array]]
LIMIT = 8.0  # the demo's logits run from −LIMIT to LIMIT
SQUARED, CROSS = style.CLASS_COLORS[1], style.CLASS_COLORS[0]


def nearest_labels(known: ArrayLike, labels: ArrayLike, x: ArrayLike) -> NDArray[np.int64]:
    """Answer with the label of the most similar known example: learning by heart.

    ``distance = sum((x - known)**2)``, and the label where it is smallest.

    Parameters
    ----------
    known : array_like of shape (M, D)
        The examples that were memorized.
    labels : array_like of int, of shape (M,)
        Their labels.
    x : array_like of shape (N, D)
        The examples to answer.

    Returns
    -------
    ndarray of int, of shape (N,)

    References
    ----------
    Cover and Hart (1967), "Nearest neighbor pattern classification".

    Examples
    --------
    >>> nearest_labels([[0.0], [10.0]], [3, 7], [[1.0], [8.0], [9.0]])
    array([3, 7, 7])
    """
    owner = "nearest_labels"
    known = check_array(known, owner, "known", ("M", "D"))
    x = check_array(x, owner, "x", ("N", known.shape[1]))
    labels = check_labels(labels, owner, "labels", len(known), np.iinfo(np.int64).max)
    # sum((x - known)**2), multiplied out: it needs no array of shape (N, M, D).
    distance = (x**2).sum(axis=1)[:, None] - 2 * x @ known.T + (known**2).sum(axis=1)
    nearest: NDArray[np.int64] = labels[distance.argmin(axis=1)]
    return nearest


def squared_error(z: ArrayLike, target: int) -> tuple[Array, Array]:
    """Return ``(σ(z) - y)**2`` and its slope in z, ``2 * (p - y) * p * (1 - p)``.

    Parameters
    ----------
    z : array_like of shape (N,)
        Logits, each an example of its own.
    target : int
        The right label y of all of them, 0 or 1.

    Returns
    -------
    loss, slope : ndarray of shape (N,)

    Examples
    --------
    >>> loss, slope = squared_error([0.0], 1)
    >>> loss, slope
    (array([0.25]), array([-0.25]))
    """
    p = sigmoid(z)
    loss: Array = (p - target) ** 2
    slope: Array = 2 * (p - target) * p * (1 - p)
    return loss, slope


def cross_entropy(z: ArrayLike, target: int) -> tuple[Array, Array]:
    """Return ``-log(p of the label y)`` with ``p(1) = σ(z)``, and its slope in z, ``p - y``.

    Parameters
    ----------
    z, target
        As in `squared_error`.

    Returns
    -------
    loss, slope : ndarray of shape (N,)

    Examples
    --------
    >>> loss, slope = cross_entropy([0.0], 1)
    >>> loss.round(4), slope
    (array([0.6931]), array([-0.5]))
    """
    z = check_array(z, "cross_entropy", "z", ("N",))
    loss: Array = np.logaddexp(0, -z if target else z)  # log(1 + exp(∓z)), safe for any z
    slope: Array = sigmoid(z) - target
    return loss, slope


def descend(loss: Loss, z: float, target: int, *, lr: float, steps: int) -> Array:
    """Mend one logit again and again, against the slope of its loss: ``z = z - lr * slope``.

    Parameters
    ----------
    loss : callable
        `squared_error` or `cross_entropy`.
    z : float
        The logit at the start.
    target : int
        Its right label, 0 or 1.
    lr : float
        The size of a step.
    steps : int

    Returns
    -------
    ndarray of shape (steps + 1,)
        The logits met, the first one included.

    Examples
    --------
    >>> descend(cross_entropy, 0.0, 1, lr=1.0, steps=2).round(3)
    array([0.   , 0.5  , 0.878])
    """
    met = [z]
    for _ in range(steps):
        _, slope = loss([met[-1]], target)
        met.append(met[-1] - lr * float(slope[0]))
    return np.array(met)


def draw_two_losses(z: float, label: int) -> Figure:
    """Draw both losses of one prediction, and their slopes, over its logit z.

    Examples
    --------
    >>> draw_two_losses(0.0, 1).axes[0].get_xlabel()
    'logit z'
    """
    line = np.linspace(-LIMIT, LIMIT, 161)
    figure = style.figure(7.2, 3.7)
    losses, slopes = figure.subplots(1, 2)
    parts = (
        (squared_error, SQUARED, "--", "s", "squared error"),
        (cross_entropy, CROSS, "-", "o", "cross-entropy"),
    )
    for function, color, dashes, marker, name in parts:
        here, curve = function([z], label), function(line, label)
        for ax, i, digits in ((losses, 0, 3), (slopes, 1, 4)):
            text = f"{name} {here[i][0]:.{digits}f}"
            ax.plot(line, curve[i], color=color, linestyle=dashes, label=text)
            ax.plot(z, here[i][0], marker, color=color, markersize=9)
    losses.set(xlabel="logit z", ylim=(-0.3, 11.5), title="loss")
    slopes.set(xlabel="logit z", ylim=(-1.15, 1.75))
    slopes.set_title("slope: how strongly z is mended")
    for ax in (losses, slopes):
        ax.axvline(z, color=style.MUTED, linewidth=0.8)
        ax.legend(loc="upper center")
    p = float(sigmoid([z])[0])
    figure.suptitle(f"right label {label}, the neuron says p = {p:.4f} for label 1")
    return figure


def describe_two_losses(z: float, label: int) -> str:
    """Say in words what `draw_two_losses` shows.

    Examples
    --------
    >>> describe_two_losses(-8.0, 1)[:57]
    'The right label is 1 and the neuron gives it probability '
    """
    p = float(sigmoid([z])[0])
    own = p if label else 1 - p
    (square, square_slope), (cross, cross_slope) = (
        (float(loss[0]), float(slope[0]))
        for loss, slope in (squared_error([z], label), cross_entropy([z], label))
    )
    return (
        f"The right label is {label} and the neuron gives it probability {own:.4f}. "
        f"Squared error {square:.3f} with slope {square_slope:.4f}; "
        f"cross-entropy {cross:.3f} with slope {cross_slope:.4f}."
    )
