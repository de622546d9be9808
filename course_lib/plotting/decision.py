"""Classification in the plane: the points, the line that a neuron draws, the regions of a network.

Equation of the line: ``x @ W + b = 0``; its normal vector is W.
"""

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from numpy.typing import ArrayLike

from course_lib._checks import Array, check_array, check_count, check_labels
from course_lib.plotting.style import CLASS_COLORS, CLASS_MARKERS, INK

_WASH = 0.3  # how much of a class's colour tints its region: points of that colour stay visible


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
    offset /= scale
    limits = ax.get_xlim(), ax.get_ylim()
    ends = _visible_segment(direction, offset, limits)
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


def plot_decision_boundary(
    ax: Axes,
    predict: Callable[[Array], ArrayLike],
    *,
    xlim: tuple[float, float] | None = None,
    ylim: tuple[float, float] | None = None,
    resolution: int = 200,
) -> Axes:
    """Shade the plane by what `predict` answers there, and draw the boundary.

    Parameters
    ----------
    ax : Axes
        Its limits become `xlim` and `ylim`.
    predict : callable
        Takes M points, shape (M, 2), and returns M integer labels 0 … 9 (regions in the colours
        of the classes) or M floats in [0, 1], the probability of class 1 (a shade between both
        colours, white at one half), shape (M,).
    xlim, ylim : pair of float, optional
        The region. By default the limits of `ax`: draw the points first.
    resolution : int, optional
        Points asked a side.

    Returns
    -------
    Axes
        The same `ax`.

    Raises
    ------
    ValueError, TypeError
        If `predict` returns another shape, labels out of range or numbers outside [0, 1].

    Examples
    --------
    >>> from course_lib.plotting.style import figure
    >>> ax = plot_decision_boundary(figure().subplots(), lambda x: (x[:, 0] > 0.5).astype(int))
    """
    owner = "plot_decision_boundary"
    resolution = check_count(resolution, owner, "resolution", least=2)
    left, right = check_array(xlim or ax.get_xlim(), owner, "xlim", (2,))
    bottom, top = check_array(ylim or ax.get_ylim(), owner, "ylim", (2,))
    across = np.linspace(left, right, resolution)
    up = np.linspace(bottom, top, resolution)
    points = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)  # (M, 2)
    answers = np.asarray(predict(points))
    palette = np.array([to_rgb(color) for color in CLASS_COLORS])
    if answers.dtype.kind == "f":
        probability = check_array(answers, owner, "predict(points)", (len(points),))
        if probability.min() < 0 or probability.max() > 1:
            raise ValueError(
                f"{owner} expected probabilities between 0 and 1, "
                f"got {probability.min():g} to {probability.max():g}"
            )
        tint = np.where(probability[:, None] < 0.5, palette[0], palette[1])
        strength = 2 * _WASH * np.abs(probability - 0.5)
        borders = [probability]
    else:
        labels = check_labels(answers, owner, "predict(points)", len(points), len(palette))
        tint, strength = palette[labels], np.full(len(points), _WASH)
        borders = [(labels == label).astype(float) for label in np.unique(labels)]
    shade = 1 - strength[:, None] * (1 - tint)  # (M, 3)
    ax.imshow(
        shade.reshape(resolution, resolution, 3),
        extent=(left, right, bottom, top),
        origin="lower",
        aspect="auto",
        interpolation="bilinear",
        zorder=0,
    )
    for border in borders:
        if border.min() < 0.5 < border.max():
            grid = border.reshape(resolution, resolution)
            ax.contour(across, up, grid, levels=[0.5], colors=[INK], linewidths=1.2, zorder=1)
    ax.set_xlim(left, right)
    ax.set_ylim(bottom, top)
    return ax
