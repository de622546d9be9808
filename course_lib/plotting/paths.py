"""Landscapes seen from above, and the paths of those who walk down.

Equation of a contour line: ``value(x) = level``; steepest descent crosses each at a right angle.
"""

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from course_lib._checks import Array, check_array, check_count
from course_lib.plotting.style import CLASS_COLORS, INK


def plot_contours(
    ax: Axes,
    value: Callable[[Array], ArrayLike],
    *,
    xlim: tuple[float, float],
    ylim: tuple[float, float],
    levels: int = 14,
    resolution: int = 200,
) -> Axes:
    """Draw lines of equal height, closer to each other near the lowest point.

    Parameters
    ----------
    ax : Axes
        Its limits become `xlim` and `ylim`.
    value : callable
        Takes points of shape (..., 2) and returns heights of shape (...), such as
        ``Rosenbrock().value``.
    xlim, ylim : pair of float
    levels : int, optional
        Number of lines, at least 2. Their heights above the lowest point grow like cubes, so that
        both a flat valley and its steep walls have some.
    resolution : int, optional
        Points asked a side.

    Returns
    -------
    Axes
        The same `ax`.

    Raises
    ------
    ValueError, TypeError
        If `value` returns another shape or heights that are not finite.

    Examples
    --------
    >>> from course_lib.plotting.style import figure
    >>> def bowl(x):
    ...     return (x**2).sum(axis=-1)
    >>> ax = plot_contours(figure().subplots(), bowl, xlim=(-1, 1), ylim=(-1, 1))
    """
    owner = "plot_contours"
    levels = check_count(levels, owner, "levels", least=2)
    resolution = check_count(resolution, owner, "resolution", least=2)
    left, right = check_array(xlim, owner, "xlim", (2,))
    bottom, top = check_array(ylim, owner, "ylim", (2,))
    across, up = np.linspace(left, right, resolution), np.linspace(bottom, top, resolution)
    points = np.stack(np.meshgrid(across, up), axis=-1)  # (resolution, resolution, 2)
    heights = check_array(value(points), owner, "value(points)", (resolution, resolution))
    low, high = float(heights.min()), float(heights.max())
    if high > low:
        shares = (np.arange(1, levels + 1) / (levels + 1)) ** 3
        ax.contour(
            across,
            up,
            heights,
            levels=low + (high - low) * shares,
            colors=[INK],
            linewidths=0.8,
            alpha=0.45,
            zorder=1,
        )
    ax.grid(False)
    ax.set_xlim(left, right)
    ax.set_ylim(bottom, top)
    return ax


def plot_path(
    ax: Axes, path: ArrayLike, *, color: str = CLASS_COLORS[0], label: str | None = None
) -> Axes:
    """Draw where a descent has been: a dot a step, a ring at the start, a star at the end.

    Parameters
    ----------
    ax : Axes
        Its limits stay: a path that goes far beyond them ends there.
    path : array_like of shape (steps + 1, 2)
        As `course_lib.mathematics.descend` returns it.
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
        If the shape doesn't fit.

    Examples
    --------
    >>> from course_lib.plotting.style import figure
    >>> ax = plot_path(figure().subplots(), [[0.9, 0.1], [0.5, 0.4], [0.4, 0.5]], label="SGD")
    """
    path = check_array(path, "plot_path", "path", ("steps + 1", 2))
    limits = ax.get_xlim(), ax.get_ylim()
    # A walk that diverges is followed a little beyond the edge: further on it would paint the view
    # over with its swings, and at 1e30 the renderer can't place its points.
    for axis, (low, high) in enumerate(limits):
        middle, reach = (low + high) / 2, 2 * abs(high - low)
        path = path[: _first(np.abs(path[:, axis] - middle) > reach, len(path)) + 1]
        path = np.array(path)
        path[:, axis] = np.clip(path[:, axis], middle - reach, middle + reach)
    ax.plot(
        path[:, 0], path[:, 1], color=color, linewidth=1.5, marker="o", markersize=3.5, label=label
    )
    ax.plot(*path[0], color=color, marker="o", markersize=10, markerfacecolor="white", zorder=3)
    ax.plot(*path[-1], color=color, marker="*", markersize=14, markeredgecolor="white", zorder=4)
    ax.set_xlim(limits[0])
    ax.set_ylim(limits[1])
    return ax


def _first(flags: Array, otherwise: int) -> int:
    return int(flags.argmax()) if flags.any() else otherwise
