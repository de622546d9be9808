"""Convolution: one small kernel looks for the same pattern at every place of an image.

Equation, on the padded image: ``y[n, f, i, j] = sum(x[n, :, i:i+K, j:j+K] * W[f]) + b[f]``.
"""

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import ArrayLike, DTypeLike

from course_lib._checks import Array, check_array, check_count, check_rng
from course_lib.architecture.initializers import Initializer, he
from course_lib.architecture.layers import Layer
from course_lib.architecture.parameter import Parameter
from course_lib.challenges.im2col import output_size, places


def convolve_by_loops(
    x: ArrayLike, W: ArrayLike, b: ArrayLike, *, stride: int = 1, padding: int = 0
) -> Array:
    """Convolve as the definition says, one output number at a time: slow and easy to check.

    ``y[n, f, i, j] = sum(patch * W[f]) + b[f]``, where ``patch`` is the K × K part of the padded
    image n, all channels, whose first row and column are ``i * stride`` and ``j * stride``.

    Parameters
    ----------
    x : array_like of shape (N, C, H, W)
        Images.
    W : array_like of shape (F, C, K, K)
        One kernel a filter.
    b : array_like of shape (F,)
    stride, padding : int, optional
        See `output_size`.

    Returns
    -------
    ndarray of shape (N, F, H_out, W_out)

    Raises
    ------
    ValueError
        If shapes don't fit together or the kernel is larger than the padded image.

    Examples
    --------
    An edge detector answers where brightness changes from left to right:

    >>> image = np.array([[[[0.0, 0.0, 1.0, 1.0]]]])
    >>> convolve_by_loops(image, [[[[1.0]]]], [0.5])
    array([[[[0.5, 0.5, 1.5, 1.5]]]])
    >>> edge = [[[[0.0, 0.0, 0.0], [-1.0, 0.0, 1.0], [0.0, 0.0, 0.0]]]]
    >>> convolve_by_loops(image, edge, [0.0], padding=1)
    array([[[[ 0.,  1.,  1., -1.]]]])
    """
    W = check_array(W, "convolve_by_loops", "W", ("F", "C", "K", "K"))
    F, C, K = W.shape[:3]
    W = check_array(W, "convolve_by_loops", "W", (F, C, K, K))
    b = check_array(b, "convolve_by_loops", "b", (F,))
    x = check_array(x, "convolve_by_loops", "x", ("N", C, "H", "W"))
    H_out, W_out = (output_size(size, K, stride=stride, padding=padding) for size in x.shape[2:])
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    y = np.zeros((len(x), F, H_out, W_out))
    for n, f, i, j in np.ndindex(y.shape):
        top, left = i * stride, j * stride
        patch = x[n, :, top : top + K, left : left + K]  # (C, K, K)
        y[n, f, i, j] = np.sum(patch * W[f]) + b[f]
    return y


class Conv2D(Layer):
    """A convolutional layer: F kernels slide over the image, each giving one map of answers.

    Every output pixel is the same weighted sum of the K × K patch around it, so the layer learns
    F · C · K² weights however large the image is. (As everywhere in this field the kernel is not
    flipped: mathematicians call the operation cross-correlation.)

    Parameters
    ----------
    channels : int
        Number C of input channels.
    filters : int
        Number F of kernels, and so of output channels.
    kernel : int
        Height and width K of a kernel.
    rng : numpy.random.Generator
        Draws the first weights.
    stride : int, optional
        Pixels from one place of the kernel to the next.
    padding : int, optional
        Zeros added on each side, from 0 to K − 1 (more would add outputs that see zeros alone).
    initializer : callable, optional
        He's by default, with ``fan_in = C * K * K``. The bias starts at 0.
    dtype : dtype, optional
        float64 (default) or float32; inputs are converted to it.

    Attributes
    ----------
    W : Parameter of shape (F, C, K, K)
    b : Parameter of shape (F,)

    Raises
    ------
    ValueError, TypeError
        If a size is no whole number in its range, if an array has the wrong shape or holds no
        finite numbers, or if the kernel is larger than the padded image.
    RuntimeError
        From `backward` before `forward`.

    Notes
    -----
    ``H_out = (H + 2 * padding - K) // stride + 1``, and the same for the width: where the stride
    doesn't divide, the last rows and columns are not seen.

    Inside, images lie in memory as (H, C, W, N). Copy each image row K times, shifted by one
    column each time; then the K rows that an output row needs already form a matrix, and
    neighbouring output rows share it: K copies instead of the K² of `im2col`, and one matrix
    product an output row. Results are views of that layout with axes (N, F, H_out, W_out), so
    that the next convolution need not turn them round.

    References
    ----------
    LeCun, Bottou, Bengio and Haffner (1998), "Gradient-based learning applied to document
    recognition". Cho and Brand (2017), "MEC: memory-efficient convolution for deep neural
    network" (the shared rows).

    Examples
    --------
    >>> layer = Conv2D(1, 8, 3, rng=np.random.default_rng(0), padding=1)
    >>> layer.forward(np.ones((5, 1, 28, 28))).shape
    (5, 8, 28, 28)
    """

    def __init__(
        self,
        channels: int,
        filters: int,
        kernel: int,
        *,
        rng: np.random.Generator,
        stride: int = 1,
        padding: int = 0,
        initializer: Initializer = he,
        dtype: DTypeLike = np.float64,
    ) -> None:
        C = check_count(channels, "Conv2D", "channels")
        F = check_count(filters, "Conv2D", "filters")
        K = check_count(kernel, "Conv2D", "kernel")
        self.stride = check_count(stride, "Conv2D", "stride")
        self.padding = check_count(padding, "Conv2D", "padding", least=0)
        if self.padding >= K:
            raise ValueError(f"Conv2D expected padding of at most {K - 1}, got {padding}")
        check_rng(rng, "Conv2D")
        if np.dtype(dtype) not in (np.float32, np.float64):
            raise TypeError(f"Conv2D expected dtype float32 or float64, got {np.dtype(dtype)}")
        W = initializer((F, C, K, K), C * K * K, F * K * K, rng)
        self.W = Parameter(W.astype(dtype))
        self.b = Parameter(np.zeros(F, dtype))
        self._kept: tuple[Array, tuple[int, ...], int] | None = None

    def forward(self, x: ArrayLike, train: bool = False) -> Array:
        """Return ``y[n, f, i, j] = sum(patch * W[f]) + b[f]``, see `convolve_by_loops`.

        x has shape (N, C, H, W), y has shape (N, F, H_out, W_out).
        """
        W, b, stride, padding = self.W.value, self.b.value, self.stride, self.padding
        F, C, K, _ = W.shape
        x = check_array(x, "Conv2D", "x", ("N", C, "H", "W"), W.dtype)
        H_out, W_out = (
            output_size(size, K, stride=stride, padding=padding) for size in x.shape[2:]
        )
        N, _, height, width = x.shape
        padded = np.zeros((height + 2 * padding, C, width + 2 * padding, N), x.dtype)
        padded[padding : padding + height, :, padding : padding + width] = x.transpose(2, 1, 3, 0)
        shifted = np.empty((len(padded), K, C, W_out, N), x.dtype)
        for column in range(K):
            shifted[:, column] = padded[:, :, places(column, W_out, stride)]
        bands = _bands(shifted, K, stride, H_out)  # (H_out, K * K * C, W_out * N)
        y: Array = W.transpose(0, 2, 3, 1).reshape(F, -1) @ bands  # (H_out, F, W_out * N)
        y += b[:, None]
        self._kept = bands, x.shape, W_out
        return y.reshape(H_out, F, W_out, N).transpose(3, 1, 0, 2)

    def backward(self, dy: Array) -> Array:
        """Add to the gradients of W and b, and return that of x.

        ``dW[f] = sum(dy[n, f, i, j] * patch)`` over all n, i, j; ``db = dy.sum(axis=(0, 2, 3))``;
        ``dx`` gets ``dy[n, f, i, j] * W[f]`` added at the place of each patch. dy has the shape
        of y, dx that of x.
        """
        bands, (N, C, height, width), W_out = self._after_forward(self._kept)
        W, stride, padding = self.W.value, self.stride, self.padding
        F, _, K, _ = W.shape
        H_out = len(bands)
        dy = check_array(dy, "Conv2D.backward", "dy", (N, F, H_out, W_out), W.dtype)

        # Output row i saw input rows i * stride - padding + (0 … K-1). With dy's rows that far
        # apart, input row h is reached by K neighbouring rows, the last of them its kernel row 0.
        spread = np.zeros((height + K - 1, 1, F, W_out, N), W.dtype)
        rows = spread[places(K - 1 - padding, H_out, stride), 0]
        rows[...] = dy.transpose(2, 1, 3, 0)
        dy = rows.reshape(H_out, F, -1)

        dW = (bands @ dy.transpose(0, 2, 1)).sum(axis=0).reshape(K, K, C, F)
        self.W.grad += dW.transpose(3, 2, 0, 1)
        self.b.grad += dy.sum(axis=(0, 2))

        flipped = W[:, :, ::-1].transpose(3, 1, 2, 0).reshape(K * C, K * F)
        dshifted = flipped @ _bands(spread, K, 1, height)  # (H, K * C, W_out * N)
        dshifted = dshifted.reshape(height, K, C, W_out, N)
        dx = np.zeros((height, C, width + 2 * padding, N), W.dtype)
        for column in range(K):
            dx[:, :, places(column, W_out, stride)] += dshifted[:, column]
        return dx[:, :, padding : padding + width].transpose(3, 1, 0, 2)

    def parameters(self) -> list[Parameter]:
        """Return W, then b."""
        return [self.W, self.b]

    def __repr__(self) -> str:
        F, C, K, _ = self.W.value.shape
        return f"Conv2D({C}, {F}, {K}, stride={self.stride}, padding={self.padding})"


def _bands(rows: Array, K: int, stride: int, count: int) -> Array:
    """View K neighbouring rows as one matrix, `count` times, `stride` rows apart.

    `rows` is contiguous, of shape (H, k, C, W, N); the result shares its memory and has shape
    (count, K * k * C, W * N). Its matrices overlap: read it, never write it.
    """
    _, k, C, W, N = rows.shape
    shape = count, K * k * C, W * N
    strides = stride * rows.strides[0], W * N * rows.itemsize, rows.itemsize
    return as_strided(rows, shape, strides, writeable=False)
