"""Matrices as pictures: images, weights that look like images, confusion matrices.

Equation of a signed picture: colour ``= value / limit``, from −1 over white at 0 to 1.
"""

from collections.abc import Sequence
from math import ceil, sqrt

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from numpy.typing import ArrayLike

from course_lib._checks import Array, check_array, check_count, check_positive
from course_lib.plotting.style import DIVERGING, GRID, INK


def plot_image(
    ax: Axes, image: ArrayLike, *, signed: bool = False, limit: float | None = None
) -> Axes:
    """Draw one image: 0 white and the greatest value dark; or signed values around white.

    Parameters
    ----------
    ax : Axes
    image : array_like of shape (H, W)
    signed : bool, optional
        For weights: `style.NEGATIVE` below 0, white at 0, `style.POSITIVE` above.
    limit : float, optional
        The value of the strongest colour, above 0; by default the greatest magnitude.

    Returns
    -------
    Axes
        The same `ax`, without ticks.

    Raises
    ------
    ValueError, TypeError
        If the shape or `limit` doesn't fit, or unsigned values go below 0.

    Examples
    --------
    >>> from course_lib.plotting.style import figure
    >>> ax = plot_image(figure().subplots(), np.eye(8) - 0.5, signed=True)
    """
    image = check_array(image, "plot_image", "image", ("H", "W"))
    _show(ax, image, "plot_image", signed, limit)
    return ax


def plot_images(
    ax: Axes,
    images: ArrayLike,
    *,
    columns: int | None = None,
    captions: Sequence[str] | None = None,
    colors: Sequence[str] | None = None,
    signed: bool = False,
    limit: float | None = None,
) -> Axes:
    """Draw images as tiles, row by row, all on one scale of colours.

    Parameters
    ----------
    ax : Axes
    images : array_like of shape (N, H, W)
    columns : int, optional
        Tiles in a row; by default as many as make the whole about square.
    captions : sequence of N str, optional
        What stands above each tile, such as its label.
    colors : sequence of N colours, optional
        Of the captions; ink by default.
    signed, limit
        As in `plot_image`.

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
    >>> ax = plot_images(figure().subplots(), np.ones((3, 8, 8)), captions=["1", "2", "3"])
    """
    owner = "plot_images"
    images = check_array(images, owner, "images", ("N", "H", "W"))
    N, H, W = images.shape
    columns = ceil(sqrt(N)) if columns is None else check_count(columns, owner, "columns")
    for name, given in (("captions", captions), ("colors", colors)):
        if given is not None and len(given) != N:
            raise ValueError(f"{owner} expected {N} {name}, got {len(given)}")
    gap = max(1, round(0.12 * W))
    above = gap if captions is None else max(gap, round(0.45 * H))
    rows, columns = ceil(N / columns), min(columns, N)
    canvas = np.full((rows * (H + above), columns * (W + gap) - gap), np.nan)
    for i, image in enumerate(images):
        top, left = i // columns * (H + above) + above, i % columns * (W + gap)
        canvas[top : top + H, left : left + W] = image
        across = left - 0.5 + W * np.array([0, 1, 1, 0, 0])
        down = top - 0.5 + H * np.array([0, 0, 1, 1, 0])
        ax.plot(across, down, color=GRID, linewidth=0.8)
        if captions is not None:
            ax.text(
                left + (W - 1) / 2,
                top - 0.5 - 0.06 * H,
                captions[i],
                color=INK if colors is None else colors[i],
                ha="center",
                va="bottom",
            )
    _show(ax, canvas, owner, signed, limit)
    return ax


def _show(
    ax: Axes,
    image: Array,
    owner: str,
    signed: bool,
    limit: float | None,
) -> AxesImage:
    greatest = float(np.nanmax(np.abs(image)))
    if limit is None:
        limit = greatest or 1.0
    check_positive(limit, owner, "limit")
    if not signed and np.nanmin(image) < 0:
        raise ValueError(
            f"{owner} expected values of at least 0, got {np.nanmin(image):g}: "
            "use signed=True for values around 0"
        )
    shown = ax.imshow(
        image,
        cmap=DIVERGING if signed else "gray_r",
        vmin=-limit if signed else 0,
        vmax=limit,
        interpolation="nearest",
    )
    ax.set_axis_off()
    return shown


def plot_confusion_matrix(
    ax: Axes, counts: ArrayLike, *, names: Sequence[str] | None = None
) -> Axes:
    """Draw how often each class was taken for each: rows are the truth, columns the prediction.

    Shades are shares of a row, so that rare classes are as visible as frequent ones; the written
    numbers are counts, and zeros are left blank off the diagonal.

    Parameters
    ----------
    ax : Axes
    counts : array_like of int, shape (K, K)
        ``counts[truth, prediction]``, at least 0.
    names : sequence of K str, optional
        Names of the classes; by default their numbers.

    Returns
    -------
    Axes
        The same `ax`.

    Raises
    ------
    ValueError, TypeError
        If the matrix is not square, holds anything but counts, or the names don't fit.

    Examples
    --------
    >>> from course_lib.plotting.style import figure
    >>> ax = plot_confusion_matrix(figure().subplots(), [[5, 1], [0, 4]], names=["no", "yes"])
    """
    owner = "plot_confusion_matrix"
    if np.asarray(counts).dtype.kind not in "iu":
        raise TypeError(f"{owner} expected whole counts, got dtype {np.asarray(counts).dtype}")
    matrix = check_array(counts, owner, "counts", (len(np.atleast_1d(counts)),) * 2)
    if matrix.min() < 0:
        raise ValueError(f"{owner} expected counts of at least 0, got {matrix.min():g}")
    K = len(matrix)
    if names is not None and len(names) != K:
        raise ValueError(f"{owner} expected {K} names, got {len(names)}")
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    # Only the lighter part of the colours, on which dark numbers are legible (contrast 4.5).
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1.7, interpolation="nearest")
    for truth, prediction in np.ndindex(K, K):
        count = int(matrix[truth, prediction])
        if count or truth == prediction:
            ax.text(prediction, truth, f"{count}", color=INK, ha="center", va="center")
    labels = [str(k) for k in range(K)] if names is None else list(names)
    ax.set_xticks(range(K), labels)
    ax.set_yticks(range(K), labels)
    ax.grid(False)
    ax.set_xlabel("predicted class")
    ax.set_ylabel("true class")
    return ax
