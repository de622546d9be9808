"""Demos of the chapter on convolutional networks: slide a kernel, then look into a network.

Equation: ``H_out = (H + 2 * padding - K) // stride + 1``.
"""

from functools import cache

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from course_lib._checks import Array
from course_lib.challenges import convolve_by_loops
from course_lib.datasets import load_digits
from course_lib.demos.digit_reader import SIDE, digit_split, trained_reader
from course_lib.demos.feature_hierarchy import feature_maps
from course_lib.plotting import plot_feature_maps, style
from course_lib.plotting.matrices import plot_image

KERNELS = {
    "left edges": np.array([[-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0]]),
    "upper edges": np.array([[-1.0, -1.0, -1.0], [0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]),
    "points": np.array([[-1.0, -1.0, -1.0], [-1.0, 8.0, -1.0], [-1.0, -1.0, -1.0]]),
    "blur": np.full((3, 3), 1 / 9),
}
"""Kernels that people designed long before networks learned theirs."""


def kernel_named(kernel: str) -> Array:
    """Return one of `KERNELS` as weights of shape (1, 1, 3, 3).

    Examples
    --------
    >>> kernel_named("blur").shape
    (1, 1, 3, 3)
    """
    return KERNELS[kernel][None, None]


def a_three() -> Array:
    """Return a handwritten 3, of shape (1, 1, 8, 8).

    Examples
    --------
    >>> a_three().shape
    (1, 1, 8, 8)
    """
    images, _ = load_digits()
    three: Array = images[3].reshape(1, 1, SIDE, SIDE)
    return three


def _answers(kernel: str, padding: int, stride: int) -> Array:
    answers = convolve_by_loops(
        a_three(), kernel_named(kernel), [0.0], stride=stride, padding=padding
    )
    first: Array = answers[0, 0]
    return first


def _plot_numbers(ax: Axes, image: Array) -> None:
    """Draw signed colours, and each number on its pixel."""
    limit = max(1.0, float(np.abs(image).max()))
    plot_image(ax, image, signed=True, limit=limit)
    for (i, j), value in np.ndenumerate(image):
        color = "white" if abs(value) > 0.7 * limit else style.INK
        number = f"{value:.2g}" if len(image) == 3 else f"{value:.1f}"
        ax.text(j, i, number, ha="center", va="center", fontsize=8, color=color)


def _frame(ax: Axes, x: float, y: float, size: int, color: str, dotted: bool = False) -> None:
    width = 1 if dotted else 2
    square = Rectangle((x, y), size, size, fill=False, edgecolor=color, linewidth=width)
    square.set_linestyle(":" if dotted else "-")
    ax.add_patch(square)


def draw_convolution(kernel: str, padding: int, stride: int) -> Figure:
    """Draw a padded digit, a kernel, and the kernel's answers at all its places.

    The rings mark the first two places and their answers.

    Examples
    --------
    >>> len(draw_convolution("blur", 1, 1).axes)
    3
    """
    padded = np.pad(a_three()[0, 0], padding)
    weights, answers = KERNELS[kernel], _answers(kernel, padding, stride)
    figure = style.figure(7.8, 4.0)
    left, middle, right = figure.subplots(1, 3, width_ratios=[1, 0.42, 1])
    plot_image(left, padded, limit=1.0)
    _plot_numbers(middle, weights)
    _plot_numbers(right, answers)
    for number, color in enumerate(style.CLASS_COLORS[2:4]):
        # The second frame is moved by a hair, so that it does not hide the first one.
        corner = number * stride - 0.5 + 0.06 * number
        _frame(left, corner, -0.5, 3, color)
        _frame(right, number - 0.5, -0.5, 1, color)
    if padding:
        _frame(left, padding - 0.5, padding - 0.5, SIDE, style.MUTED, dotted=True)
    for ax, image, name in (
        (left, padded, "digit"),
        (middle, weights, kernel),
        (right, answers, "answers"),
    ):
        ax.set_title(f"{name}\n{len(image)} × {len(image)}")
    return figure


def describe_convolution(kernel: str, padding: int, stride: int) -> str:
    """Say in words what `draw_convolution` shows.

    Examples
    --------
    >>> describe_convolution("blur", 1, 2)[:58]
    'A 3, padded to 10 × 10. The kernel for blur, at every seco'
    """
    answers = _answers(kernel, padding, stride)
    every = {1: "every", 2: "every second", 3: "every third"}[stride]
    top, low = (np.unravel_index(f(answers), answers.shape) for f in (np.argmax, np.argmin))
    return (
        f"A 3, {f'padded to {SIDE + 2 * padding}' if padding else f'{SIDE}'} × "
        f"{SIDE + 2 * padding}. The kernel for {kernel}, at {every} place, gives "
        f"{len(answers)} × {len(answers)} answers. The largest, {answers.max():.1f}, is in row "
        f"{top[0] + 1}, column {top[1] + 1}; the smallest, {answers.min():.1f}, in row "
        f"{low[0] + 1}, column {low[1] + 1}."
    )


DIGITS = (0, 1, 3, 4, 7, 8)
"""The digits of which the second demo has a picture each."""

LAYERS = ("1: edges", "2: parts", "2, pooled")
"""The layers of the reader whose maps the second demo shows."""

SHOWN = 16


@cache
def _maps(digit: int) -> tuple[Array, list[Array]]:
    """Return the first held-out picture of a digit, and its feature maps at each layer."""
    _, X_test, _, y_test = digit_split(0)
    x = X_test[[np.flatnonzero(y_test == digit)[0]]]
    model, _ = trained_reader()
    return x[0, 0], [maps[0] for maps in feature_maps(model, x)[: len(LAYERS)]]


def draw_feature_maps(digit: int, layer: str) -> Figure:
    """Draw a held-out digit and the feature maps of one layer of the trained reader.

    Of more than 16 maps only those that answer most strongly are shown.

    Examples
    --------
    >>> len(draw_feature_maps(3, "1: edges").axes)
    2
    """
    picture, layers = _maps(digit)
    maps = layers[LAYERS.index(layer)]
    shown = np.sort(np.argsort(-maps.max(axis=(1, 2)), kind="stable")[:SHOWN])
    figure = style.figure(7.8, 4.2)
    left, right = figure.subplots(1, 2, width_ratios=[1, 2])
    plot_image(left, picture, limit=1.0)
    left.set_title("what it reads")
    plot_feature_maps(right, maps[shown], columns=4)
    which = "all" if len(maps) == SHOWN else f"the strongest of {len(maps)}"
    right.set_title(f"layer {layer}\n{which} maps, {len(maps[0])} × {len(maps[0])}")
    return figure


def lit_share(maps: Array) -> Array:
    """Return, for each map, the share of its places with at least half its strongest answer.

    Examples
    --------
    >>> lit_share(np.array([[[0.0, 1.0], [4.0, 2.0]], [[0.0, 0.0], [0.0, 0.0]]]))
    array([0.5, 0. ])
    """
    strongest = maps.max(axis=(1, 2), keepdims=True)
    shares: Array = ((maps >= 0.5 * strongest) & (maps > 0)).mean(axis=(1, 2))
    return shares


def describe_feature_maps(digit: int, layer: str) -> str:
    """Say in words what `draw_feature_maps` shows.

    Examples
    --------
    >>> describe_feature_maps(3, "1: edges")[:38]
    'A held-out 3, and the maps of layer 1:'
    """
    _, layers = _maps(digit)
    maps = layers[LAYERS.index(layer)]
    finding = int((maps.max(axis=(1, 2)) > 0).sum())
    return (
        f"A held-out {digit}, and the maps of layer {layer}. {finding} of its {len(maps)} filters "
        "find their pattern somewhere. On average "
        f"{lit_share(maps).mean():.0%} of a map's places answer at least half as strongly as its "
        "best one."
    )
