"""Pooling: keep the strongest answer of each neighbourhood, so that small shifts matter less.

Equation: ``y[n, c, i, j] = max(x[n, c, i*stride:i*stride+size, j*stride:j*stride+size])``.
"""

from collections.abc import Iterator
from types import EllipsisType

import numpy as np
from numpy.typing import ArrayLike

from course_lib._checks import Array, check_array, check_count, keep_float32
from course_lib.architecture.layers import Layer
from course_lib.challenges.im2col import output_size, places


class MaxPool2D(Layer):
    """The largest value of each window; the gradient goes back to the pixel that won.

    Parameters
    ----------
    size : int
        Height and width of a window.
    stride : int, optional
        Pixels from one window to the next; `size` by default, so that windows touch.
    padding : int, optional
        Pixels of minus infinity added on each side, at most half of `size`: no window sees
        padding alone.

    Raises
    ------
    ValueError, TypeError
        If a size is out of its range, if an array has the wrong shape or holds no finite
        numbers, or if the window is larger than the padded image.
    RuntimeError
        From `backward` before `forward`.

    Notes
    -----
    ``H_out = (H + 2 * padding - size) // stride + 1``. Among equal values the first wins, row by
    row; it alone gets the gradient, so that ``dx.sum() == dy.sum()``.

    References
    ----------
    Ranzato, Huang, Boureau and LeCun (2007), "Unsupervised learning of invariant feature
    hierarchies with applications to object recognition".

    Examples
    --------
    >>> pool = MaxPool2D(2)
    >>> pool.forward([[[[1.0, 3.0, 0.0, 0.0], [2.0, 0.0, 0.0, 5.0]]]])
    array([[[[3., 5.]]]])
    >>> pool.backward(np.array([[[[10.0, 20.0]]]]))
    array([[[[ 0., 10.,  0.,  0.],
             [ 0.,  0.,  0., 20.]]]])
    """

    def __init__(self, size: int, *, stride: int | None = None, padding: int = 0) -> None:
        self.size = check_count(size, "MaxPool2D", "size")
        self.stride = self.size if stride is None else check_count(stride, "MaxPool2D", "stride")
        self.padding = check_count(padding, "MaxPool2D", "padding", least=0)
        if self.padding > self.size // 2:
            raise ValueError(
                f"MaxPool2D expected padding of at most {self.size // 2}, got {padding}"
            )
        self._kept: tuple[Array, Array] | None = None

    def forward(self, x: ArrayLike, train: bool = False) -> Array:
        """Return the largest value of each window.

        x has shape (N, C, H, W), y has shape (N, C, H_out, W_out).
        """
        dtype = keep_float32(x)
        x = check_array(x, "MaxPool2D", "x", ("N", "C", "H", "W"), dtype)
        N, C, H, W = x.shape
        p = self.padding
        if p:
            # Like x in memory too, whose axes a convolution may have left in another order.
            padded = np.full_like(x, -np.inf, shape=(N, C, H + 2 * p, W + 2 * p))
            padded[:, :, p : p + H, p : p + W] = x
        else:
            padded = x
        windows = self._windows(H, W)
        y: Array = padded[next(windows)].copy(order="K")
        winner = np.zeros_like(y, dtype=np.min_scalar_type(self.size**2))
        for number, pixel in enumerate(windows, start=1):
            candidate = padded[pixel]
            # Only a larger value takes over: the first of equals stays.
            np.copyto(winner, number, where=candidate > y)
            np.maximum(y, candidate, out=y)
        self._kept = winner, x
        return y

    def backward(self, dy: Array) -> Array:
        """Return dx: each dy added to the pixel that won its window, 0 elsewhere."""
        winner, x = self._after_forward(self._kept)
        dy = check_array(dy, "MaxPool2D.backward", "dy", winner.shape, x.dtype)
        N, C, H, W = x.shape
        p = self.padding
        # In memory all follow x: mixed orders of axes are several times slower below.
        dx = np.zeros_like(x, shape=(N, C, H + 2 * p, W + 2 * p))
        ordered = np.empty_like(winner, dtype=x.dtype)
        ordered[...] = dy
        for number, pixel in enumerate(self._windows(H, W)):
            dx[pixel] += ordered * (winner == number)
        return dx[:, :, p : p + H, p : p + W]

    def _windows(self, H: int, W: int) -> Iterator[tuple[EllipsisType, slice, slice]]:
        """Yield, for each pixel of a window in reading order, where it lies in all windows."""
        size, stride = self.size, self.stride
        H_out = output_size(H, size, stride=stride, padding=self.padding)
        W_out = output_size(W, size, stride=stride, padding=self.padding)
        for i in range(size):
            for j in range(size):
                yield ..., places(i, H_out, stride), places(j, W_out, stride)

    def __repr__(self) -> str:
        return f"MaxPool2D({self.size}, stride={self.stride}, padding={self.padding})"
