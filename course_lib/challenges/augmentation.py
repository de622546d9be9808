"""More training data from the data at hand: change what the label does not depend on.

Equation: ``shifted[i, j] = image[i - down, j - right]``, with 0 where that lies outside.
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from course_lib._checks import (
    Array,
    check_array,
    check_count,
    check_not_negative,
    check_rng,
    keep_float32,
)


def shift_images(x: ArrayLike, max_shift: int, *, rng: np.random.Generator) -> Array:
    """Move each image by a random number of pixels down and right; fill the gap with 0.

    Parameters
    ----------
    x : array_like of shape (N, C, H, W), or (N, D) with D a square number
        Images; a flat one of 64 numbers is read as 8×8. Left as it is.
    max_shift : int
        Both shifts are drawn from −max_shift … max_shift, all equally likely; at least 0 and
        below H and W.
    rng : numpy.random.Generator
        Draws the shifts.

    Returns
    -------
    ndarray of the shape of x
        A new array; float32 for float32, else float64.

    Raises
    ------
    TypeError, ValueError
        If x has another shape or holds no finite numbers, or max_shift is out of range.

    References
    ----------
    Simard, Steinkraus and Platt (2003), "Best practices for convolutional neural networks applied
    to visual document analysis", ICDAR.

    Examples
    --------
    >>> image = np.zeros((1, 1, 3, 3))
    >>> image[0, 0, 1, 1] = 5
    >>> shift_images(image, 1, rng=np.random.default_rng(0))[0, 0]
    array([[0., 0., 0.],
           [0., 0., 0.],
           [0., 5., 0.]])
    """
    x = check_array(x, "shift_images", "x", None, keep_float32(x))
    max_shift = check_count(max_shift, "shift_images", "max_shift", least=0)
    check_rng(rng, "shift_images")
    side = math.isqrt(x.shape[1]) if x.ndim == 2 else 0
    if x.ndim == 2 and side * side == x.shape[1]:
        images = x.reshape(len(x), 1, side, side)
    elif x.ndim == 4:
        images = x
    else:
        raise ValueError(
            "shift_images expected x of shape (N, C, H, W), or (N, D) with D a square number, "
            f"got {x.shape}"
        )
    N, _, H, W = images.shape
    if max_shift >= min(H, W):
        raise ValueError(
            f"shift_images expected max_shift below the images' size {H}×{W}, got {max_shift}"
        )
    down, right = rng.integers(-max_shift, max_shift + 1, size=(2, N, 1))
    # Around the padded image lies a margin, so that no index falls outside.
    margin = (max_shift, max_shift)
    padded = np.pad(images, ((0, 0), (0, 0), margin, margin))
    i = (np.arange(H) - down + max_shift)[:, None, :, None]  # (N, 1, H, 1)
    j = (np.arange(W) - right + max_shift)[:, None, None, :]  # (N, 1, 1, W)
    image, channel = np.ogrid[:N, : images.shape[1]]
    shifted: Array = padded[image[:, :, None, None], channel[:, :, None, None], i, j]
    return shifted.reshape(x.shape)


def add_noise(x: ArrayLike, std: float, *, rng: np.random.Generator) -> Array:
    """Add normal noise to every number: ``y = x + std * normal``.

    Parameters
    ----------
    x : array_like of any shape
        Left as it is.
    std : float
        Standard deviation of the noise, at least 0, in the units of x.
    rng : numpy.random.Generator
        Draws the noise.

    Returns
    -------
    ndarray of the shape of x
        A new array; float32 for float32, else float64.

    Raises
    ------
    TypeError, ValueError
        If x holds no finite numbers, or std is no finite number of at least 0.

    References
    ----------
    Bishop (1995), "Training with noise is equivalent to Tikhonov regularization", Neural
    Computation 7(1).

    Examples
    --------
    >>> y = add_noise(np.zeros(1000), 0.5, rng=np.random.default_rng(0))
    >>> 0.45 < y.std() < 0.55
    np.True_
    """
    x = check_array(x, "add_noise", "x", None, keep_float32(x))
    check_rng(rng, "add_noise")
    std = check_not_negative(std, "add_noise", "std")
    y: Array = x + std * rng.standard_normal(x.shape, x.dtype)
    return y
