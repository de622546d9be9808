"""Classification in the plane: the regions of a network, and the boundary between them.

Equation of the boundary between two classes: ``predict(x) = 1 / 2``.
"""

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from numpy.typing import ArrayLike

from course_lib._checks import Array, check_array, check_count, check_labels
from course_lib.plotting.style import CLASS_COLORS, INK

_WASH = 0.3  # how much of a class's colour tints its region: points of that colour stay visible


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
