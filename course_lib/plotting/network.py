"""A network as a diagram: a column of circles for each layer, a line for each weight.

Equation of a line's width: proportional to ``abs(w) / max(abs(W))`` over the whole network.
"""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgba
from numpy.typing import ArrayLike

from course_lib._checks import Array, check_array, check_count
from course_lib.plotting.style import DIVERGING, INK, MUTED, NEGATIVE, POSITIVE

_WIDEST = 3.2  # points; the thinnest line that is drawn has a tenth of it


def plot_network(
    ax: Axes,
    weights: Sequence[ArrayLike],
    *,
    values: Sequence[ArrayLike] | None = None,
    names: Sequence[str] | None = None,
    most: int = 16,
) -> Axes:
    """Draw the neurons of a fully connected network and the weights between them.

    Positive weights are `style.POSITIVE` and solid, negative ones `style.NEGATIVE` and dashed;
    the larger a weight, the wider its line.

    Parameters
    ----------
    ax : Axes
    weights : sequence of array_like
        One matrix W of shape (D_in, D_out) for each layer after the input, in order.
    values : sequence of array_like, optional
        What each neuron answers, shape (D,), for the input and each layer: written into the
        circles, which are then coloured by sign and size.
    names : sequence of str, optional
        Titles of the columns, input first.
    most : int, optional
        Places in a column, at least 3; larger layers show their first and last ones, with dots
        between and their number below.

    Returns
    -------
    Axes
        The same `ax`, without ticks.

    Raises
    ------
    ValueError, TypeError
        If a shape or a length doesn't fit.

    Examples
    --------
    >>> from course_lib.plotting.style import figure
    >>> W_1, W_2 = np.array([[1.0, -2.0, 0.5], [0.3, 1.0, -1.0]]), np.ones((3, 1))
    >>> ax = plot_network(figure().subplots(), [W_1, W_2], names=["input", "hidden", "output"])
    """
    owner = "plot_network"
    most = check_count(most, owner, "most", least=3)
    matrices = _check_weights(weights)
    widths = [len(matrices[0]), *(W.shape[1] for W in matrices)]
    for name, given in (("values", values), ("names", names)):
        if given is not None and len(given) != len(widths):
            raise ValueError(f"{owner} expected {len(widths)} {name}, got {len(given)}")
    shown = [_shown(width, most) for width in widths]
    rows = max(min(width, most) for width in widths)
    places = [_heights(width, most) for width in widths]
    greatest = max(float(np.abs(W).max()) for W in matrices) or 1.0
    for column, W in enumerate(matrices):
        part = W[np.ix_(shown[column], shown[column + 1])] / greatest
        _draw_weights(ax, part, column, places[column], places[column + 1])
    for column, (indices, heights) in enumerate(zip(shown, places, strict=True)):
        if values is None:
            size = min(26.0, 170.0 / rows)
            ax.scatter(
                np.full(len(heights), column),
                heights,
                s=size**2,
                facecolors="white",
                edgecolors=INK,
                linewidths=1.4,
                zorder=3,
            )
        else:
            answers = check_array(values[column], owner, f"values[{column}]", (widths[column],))
            _write_values(ax, answers[indices], np.abs(answers).max() or 1.0, column, heights, rows)
        if len(indices) < widths[column]:
            gap = (heights[len(heights) // 2 - 1] + heights[len(heights) // 2]) / 2
            ax.text(column, gap, "⋮", ha="center", va="center", fontsize=16, zorder=4)
            note = f"{widths[column]} neurons"
            ax.text(column, -rows / 2 - 0.2, note, ha="center", va="top", color=MUTED)
        if names is not None:
            ax.text(column, rows / 2 + 0.15, names[column], ha="center", va="bottom")
    below = 0.9 if any(i.size < n for i, n in zip(shown, widths, strict=True)) else 0.2
    ax.set_xlim(-0.45, len(widths) - 0.55)
    ax.set_ylim(-rows / 2 - below, rows / 2 + (0.2 if names is None else 0.9))
    ax.set_axis_off()
    return ax


def _check_weights(weights: Sequence[ArrayLike]) -> list[Array]:
    if len(weights) == 0:
        raise ValueError("plot_network expected at least one weight matrix, got none")
    matrices: list[Array] = []
    for i, W in enumerate(weights):
        inputs = matrices[-1].shape[1] if matrices else "D_in"
        matrices.append(check_array(W, "plot_network", f"weights[{i}]", (inputs, "D_out")))
    return matrices


def _shown(width: int, most: int) -> Array:
    """Return the indices of the neurons that are drawn: all, or the first and the last ones."""
    if width <= most:
        return np.arange(width)
    first = (most - 1) // 2  # one place of the column is for the dots
    return np.concatenate([np.arange(first), np.arange(width - (most - 1 - first), width)])


def _heights(width: int, most: int) -> Array:
    """Return where the circles of a column stand, top to bottom, one unit apart, 0 in the middle.

    A column that leaves neurons out has the place of its dots free.
    """
    slots = (min(width, most) - 1) / 2 - np.arange(min(width, most))
    return slots if width <= most else np.delete(slots, (most - 1) // 2)


def _draw_weights(ax: Axes, W: Array, column: int, left: Array, right: Array) -> None:
    for sign, color, style in ((1, POSITIVE, "solid"), (-1, NEGATIVE, (0, (4, 1.5)))):
        # Many lines are drawn thinner, or they would paint the space between columns over.
        widest = _WIDEST * min(1.0, (60 / W.size) ** 0.5)
        i, j = np.nonzero(sign * W > 0)
        size = np.abs(W[i, j])
        starts = np.stack([np.full(len(i), column), left[i]], axis=-1)
        ends = np.stack([np.full(len(i), column + 1), right[j]], axis=-1)
        ax.add_collection(
            LineCollection(
                list(np.stack([starts, ends], axis=1)),
                linewidths=widest * (0.1 + 0.9 * size),
                colors=[to_rgba(color, float(0.3 + 0.65 * strength)) for strength in size],
                linestyles=[style],
                zorder=1,
            )
        )


def _write_values(
    ax: Axes, answers: Array, greatest: float, column: int, heights: Array, rows: int
) -> None:
    for answer, height in zip(answers, heights, strict=True):
        ax.text(
            column,
            height,
            f"{answer:+.2f}" if abs(answer) < 99.5 else f"{answer:+.0f}",
            ha="center",
            va="center",
            fontsize=11 if rows <= 9 else 9,
            color=INK,
            bbox={
                # A circle while there is room, a pill where the column is crowded.
                "boxstyle": "circle,pad=0.3" if rows <= 5 else "round,pad=0.2,rounding_size=0.7",
                # Not the strongest colours: dark letters stay legible on these (contrast 4.5).
                "facecolor": DIVERGING(0.5 + 0.37 * answer / greatest),
                "edgecolor": INK,
                "linewidth": 1.2,
            },
            zorder=3,
        )
