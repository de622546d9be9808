"""Classification in the plane: labelled points, and the line that a neuron draws between them.

Equation of the line: ``x @ W + b = 0``; its normal vector is W.
"""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from course_lib._checks import Array, check_array, check_labels
from course_lib.plotting.style import CLASS_COLORS, CLASS_MARKERS, INK


def plot_points(
    ax: Axes,
    x: ArrayLike,
    y: ArrayLike,
    *,
    names: Sequence[str] | None = None,
    highlight: ArrayLike | None = None,
    size: float = 42.0,
) -> Axes:
    """Draw labelled points: colour and marker tell the class.

    Parameters
    ----------
    ax : Axes
    x : array_like of shape (N, 2)
    y : array_like of shape (N,)
        Integer labels, 0 … 9.
    names : sequence of str, optional
        Names of classes 0, 1, …; with them, a legend is drawn.
    highlight : array_like of bool of shape (N,), optional
        True for points to ring, such as misclassified ones.
    size : float, optional
        Area of a marker in square points.

    Returns
    -------
    Axes
        The same `ax`.

    Raises
    ------
    ValueError, TypeError
        If a shape or a label doesn't fit.

    Examples
    --------
    >>> from course_lib.plotting.style import figure
    >>> ax = plot_points(figure().subplots(), [[0, 0], [1, 1]], [0, 1], names=["off", "on"])
    """
    x = check_array(x, "plot_points", "x", ("N", 2))
    classes = len(CLASS_COLORS) if names is None else len(names)
    y = check_labels(y, "plot_points", "y", size=len(x), classes=min(classes, len(CLASS_COLORS)))
    ringed = np.zeros(len(x), bool) if highlight is None else np.asarray(highlight)
    if ringed.shape != (len(x),) or ringed.dtype != bool:
        raise ValueError(
            f"plot_points expected highlight as {len(x)} booleans, "
            f"got shape {ringed.shape} and dtype {ringed.dtype}"
        )
    for label in np.unique(y):
        ax.scatter(
            x[y == label, 0],
            x[y == label, 1],
            s=size,
            color=CLASS_COLORS[label],
            marker=CLASS_MARKERS[label],
            edgecolors="white",
            linewidths=0.7,
            zorder=3,
            label=None if names is None else names[label],
        )
    if ringed.any():
        ax.scatter(
            x[ringed, 0], x[ringed, 1], s=4 * size, facecolors="none", edgecolors=INK, zorder=4
        )
    if names is not None:
        ax.legend()
    return ax


def plot_decision_line(
    ax: Axes,
    W: ArrayLike,
    b: float,
    *,
    normal: bool = False,
    color: str = INK,
    label: str | None = None,
) -> Axes:
    """Draw the line ``x @ W + b = 0`` right across the Axes, whose limits it leaves alone.

    Draw the points first: the arrow starts in the middle of the visible part of the line.

    Parameters
    ----------
    ax : Axes
    W : array_like of shape (2,)
        Weights. Where both are 0 there is no line; a note in the corner says so.
    b : float
        Bias.
    normal : bool, optional
        Also draw the normal vector as an arrow of a fixed length: it points to the side where
        the neuron answers 1.
    color : str, optional
    label : str, optional
        Entry of the legend.

    Returns
    -------
    Axes
        The same `ax`.

    Raises
    ------
    ValueError, TypeError
        If W has another shape, or a number is not finite.

    Examples
    --------
    >>> from course_lib.plotting.style import figure
    >>> ax = plot_decision_line(figure().subplots(), W=[1.0, -2.0], b=0.3, normal=True)
    """
    W = check_array(W, "plot_decision_line", "W", (2,))
    offset = float(check_array(b, "plot_decision_line", "b", ()))
    # Only the direction of (W, b) matters; scaling keeps W @ W from under- or overflowing.
    scale = np.abs(W).max()
    if scale == 0:
        side = "0" if offset <= 0 else "1"
        ax.text(
            0.03,
            0.97,
            f"W = 0: no line, the answer is {side} everywhere",
            transform=ax.transAxes,
            va="top",
            bbox={"facecolor": "white", "edgecolor": color, "boxstyle": "round"},
            zorder=5,
        )
        return ax
    direction: Array = W / scale
    with np.errstate(over="ignore"):  # beside a tiny W: the line is infinitely far away
        offset /= scale
    limits = ax.get_xlim(), ax.get_ylim()
    near = math.isfinite(offset)
    ends = _visible_segment(direction, offset, limits) if near else np.empty((0, 2))
    # Outside the view nothing is drawn, yet the legend keeps its entry.
    ax.plot(*ends.T, color=color, label=label, zorder=2.5, scalex=False, scaley=False)
    if normal and ends.size:
        start = ends.mean(axis=0)
        # Measured on the page, so that the arrow has one length whatever the units are.
        axes_size = np.array([np.ptp(limits[0]), np.ptp(limits[1])])
        tip = start + 0.14 * direction / np.linalg.norm(direction / axes_size)
        ax.annotate(
            "",
            xy=(float(tip[0]), float(tip[1])),
            xytext=(float(start[0]), float(start[1])),
            arrowprops={"arrowstyle": "-|>", "color": color, "linewidth": 2, "shrinkA": 0},
            zorder=5,
        )
    return ax


def _visible_segment(
    W: Array, b: float, limits: tuple[tuple[float, float], tuple[float, float]]
) -> Array:
    """Return both ends, (2, 2), of the part of the line inside the limits; (0, 2) if there is none.

    Liang and Barsky's clipping: the line is ``foot + t * along``, and each axis narrows the
    interval of t.
    """
    foot = -b * W / (W @ W)
    along = np.array([-W[1], W[0]])
    first, last = -np.inf, np.inf
    for start, step, (low, high) in zip(foot, along, map(sorted, limits), strict=True):
        if step == 0:
            if not low <= start <= high:
                return np.empty((0, 2))
            continue
        with np.errstate(over="ignore"):  # nearly parallel: that side is met at infinity
            near, far = sorted(((low - start) / step, (high - start) / step))
        first, last = max(first, near), min(last, far)
    if first >= last:
        return np.empty((0, 2))
    return np.array([foot + first * along, foot + last * along])
