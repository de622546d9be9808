"""Convolution as one matrix product: lay the patch that each output pixel sees out as one row.

Equation: ``y = im2col(x) @ W.reshape(F, -1).T + b``, one row of y an output pixel.
"""

import numpy as np
from numpy.typing import ArrayLike

from course_lib._checks import Array, check_array, check_count, keep_float32


def output_size(size: int, kernel: int, *, stride: int = 1, padding: int = 0) -> int:
    """Count the places where a kernel fits: ``(size + 2 * padding - kernel) // stride + 1``.

    Parameters
    ----------
    size : int
        Height or width of the input, in pixels.
    kernel : int
        Height and width of the kernel (or of the pooling window).
    stride : int, optional
        Pixels from one place to the next. Where it doesn't divide, the last pixels are not seen.
    padding : int, optional
        Pixels added on each side.

    Returns
    -------
    int
        Height or width of the output; at least 1.

    Raises
    ------
    ValueError
        If the kernel is larger than the padded input, or an argument is too small.

    Examples
    --------
    >>> output_size(28, 3), output_size(28, 3, padding=1), output_size(28, 3, stride=2)
    (26, 28, 13)
    """
    size = check_count(size, "output_size", "size")
    kernel = check_count(kernel, "output_size", "kernel")
    stride = check_count(stride, "output_size", "stride")
    padding = check_count(padding, "output_size", "padding", least=0)
    if kernel > size + 2 * padding:
        raise ValueError(
            f"output_size expected kernel of at most {size + 2 * padding}, the size of the padded "
            f"input, got {kernel}"
        )
    return (size + 2 * padding - kernel) // stride + 1


def places(first: int, count: int, stride: int) -> slice:
    """Return the slice of `count` positions from `first`, `stride` apart.

    Examples
    --------
    >>> places(1, 3, 2)
    slice(1, 6, 2)
    """
    return slice(first, first + stride * (count - 1) + 1, stride)


def im2col(x: ArrayLike, kernel: int, *, stride: int = 1, padding: int = 0) -> Array:
    """Copy every patch that a kernel sees into a row.

    Parameters
    ----------
    x : array_like of shape (N, C, H, W)
        Images; float32 stays float32.
    kernel : int
        Height and width K of a patch.
    stride, padding : int, optional
        See `output_size`. Padding pixels are 0.

    Returns
    -------
    ndarray of shape (N * H_out * W_out, C * K * K)
        Rows go through image, then row, then column; within a row: channel, then row, then
        column of the patch. That is the order of ``W.reshape(F, -1)``. Each pixel is copied up
        to K² times, which is the price of the single product.

    References
    ----------
    Chellapilla, Puri and Simard (2006), "High performance convolutional neural networks for
    document processing".

    Examples
    --------
    >>> im2col(np.arange(9.0).reshape(1, 1, 3, 3), 2)
    array([[0., 1., 3., 4.],
           [1., 2., 4., 5.],
           [3., 4., 6., 7.],
           [4., 5., 7., 8.]])
    """
    dtype = keep_float32(x)
    x = check_array(x, "im2col", "x", ("N", "C", "H", "W"), dtype)
    for size in x.shape[2:]:
        output_size(size, kernel, stride=stride, padding=padding)
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    patches = np.lib.stride_tricks.sliding_window_view(padded, (kernel, kernel), axis=(2, 3))
    patches = patches[:, :, ::stride, ::stride]  # (N, C, H_out, W_out, K, K)
    columns: Array = patches.transpose(0, 2, 3, 1, 4, 5).reshape(-1, x.shape[1] * kernel**2)
    return columns  # (N * H_out * W_out, C * K * K)
