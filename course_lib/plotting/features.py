"""What a convolutional layer looks for, and where it finds it: its kernels and feature maps.

Equation of a feature map: ``y[f] = activation(convolve(x, W[f]) + b[f])``, one picture a filter.
"""

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from course_lib._checks import check_array
from course_lib.plotting.matrices import plot_images


def plot_feature_maps(
    ax: Axes, maps: ArrayLike, *, columns: int | None = None, numbered: bool = False
) -> Axes:
    """Draw the feature maps of one example as tiles on a common scale.

    Parameters
    ----------
    ax : Axes
    maps : array_like of shape (F, H, W)
        One map a filter. Maps that go below 0 (as before a ReLU) are drawn in signed colours.
    columns : int, optional
        Tiles in a row.
    numbered : bool, optional
        Write each filter's number above its map.

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
    >>> ax = plot_feature_maps(figure().subplots(), np.ones((6, 8, 8)), columns=3)
    """
    maps = check_array(maps, "plot_feature_maps", "maps", ("F", "H", "W"))
    captions = [str(f) for f in range(len(maps))] if numbered else None
    return plot_images(ax, maps, columns=columns, captions=captions, signed=bool(maps.min() < 0))


def plot_kernels(ax: Axes, W: ArrayLike) -> Axes:
    """Draw all kernels of a layer in signed colours: a row for each filter, a column a channel.

    A single channel would make one long column; its kernels are tiled about square instead.

    Parameters
    ----------
    ax : Axes
    W : array_like of shape (F, C, K, K)

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
    >>> ax = plot_kernels(figure().subplots(), np.ones((8, 1, 3, 3)))
    """
    W = check_array(W, "plot_kernels", "W", ("F", "C", "K", "K"))
    F, C, height, width = W.shape
    kernels = np.reshape(W, (F * C, height, width))
    return plot_images(ax, kernels, columns=None if C == 1 else C, signed=True)
