"""Several heads attend side by side, so that a step can look for several things at once.

Equation: ``y = concatenate(attention(q_1, k_1, v_1), …, attention(q_h, k_h, v_h)) @ W_o + b_o``.
"""

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from course_lib._checks import Array, check_array, check_count, check_rng
from course_lib.architecture.initializers import Initializer, glorot
from course_lib.architecture.layers import Layer
from course_lib.architecture.parameter import Parameter
from course_lib.challenges.attention import attention, attention_backward, causal_mask


class MultiHeadAttention(Layer):
    """Self-attention by several heads at once, each with queries, keys and values of its own.

    ``q, k, v = x @ W_qkv + b_qkv`` are cut into heads of D / heads features; each head attends
    for itself; ``y = concatenated heads @ W_o + b_o``.

    Parameters
    ----------
    features : int
        Number D of features a step, in and out.
    heads : int
        A divisor of D.
    rng : numpy.random.Generator
        Draws the first weights.
    causal : bool, optional
        If True, no step sees a later one.
    initializer : callable, optional
        Glorot's by default, each of the four D × D maps with its own fans. Biases start at 0.
    dtype : dtype, optional
        float64 (default) or float32; inputs are converted to it.

    Attributes
    ----------
    W_qkv : Parameter of shape (D, 3D)
        For queries, keys, values, side by side; in each, head after head.
    b_qkv : Parameter of shape (3D,)
    W_o : Parameter of shape (D, D)
    b_o : Parameter of shape (D,)
    weights : ndarray of shape (N, heads, T, T), or None
        After `forward`: how much each step (row) took from each step (column).

    Raises
    ------
    ValueError, TypeError
        If `heads` doesn't divide `features`, or an array doesn't fit; see `attention`.
    RuntimeError
        From `backward` before `forward`.

    References
    ----------
    Vaswani et al. (2017), "Attention is all you need", section 3.2.2.

    Examples
    --------
    >>> layer = MultiHeadAttention(32, 4, rng=np.random.default_rng(0), causal=True)
    >>> layer.forward(np.ones((5, 7, 32))).shape
    (5, 7, 32)
    >>> layer.weights[0, 0, 1].round(2)
    array([0.5, 0.5, 0. , 0. , 0. , 0. , 0. ])
    """

    def __init__(
        self,
        features: int,
        heads: int,
        *,
        rng: np.random.Generator,
        causal: bool = False,
        initializer: Initializer = glorot,
        dtype: DTypeLike = np.float64,
    ) -> None:
        D = check_count(features, "MultiHeadAttention", "features")
        self.heads = check_count(heads, "MultiHeadAttention", "heads")
        if D % self.heads:
            raise ValueError(f"MultiHeadAttention expected heads to divide {D}, got {heads}")
        check_rng(rng, "MultiHeadAttention")
        if np.dtype(dtype) not in (np.float32, np.float64):
            raise TypeError(
                f"MultiHeadAttention expected dtype float32 or float64, got {np.dtype(dtype)}"
            )
        self.causal = causal
        self.W_qkv = Parameter(initializer((D, 3 * D), D, D, rng).astype(dtype))
        self.b_qkv = Parameter(np.zeros(3 * D, dtype))
        self.W_o = Parameter(initializer((D, D), D, D, rng).astype(dtype))
        self.b_o = Parameter(np.zeros(D, dtype))
        self.weights: Array | None = None
        self._kept: tuple[Array, ...] | None = None

    def forward(self, x: ArrayLike, train: bool = False, *, mask: ArrayLike | None = None) -> Array:
        """Attend from every step to every step.

        Parameters
        ----------
        x : array_like of shape (N, T, D)
        train : bool, optional
            Makes no difference here.
        mask : array_like of bool, broadcastable to (N, heads, T, T), optional
            True where looking is allowed, next to what `causal` says. To hide padding, where
            `real` of shape (N, T) marks real steps: ``mask=real[:, None, None, :]``.

        Returns
        -------
        ndarray of shape (N, T, D)
        """
        W_qkv, b_qkv, W_o, b_o = (parameter.value for parameter in self.parameters())
        D = len(W_o)
        x = check_array(x, "MultiHeadAttention", "x", ("N", "T", D), W_o.dtype)
        N, T, _ = x.shape
        x = x.reshape(N * T, D)
        q, k, v = (x @ W_qkv + b_qkv).reshape(N, T, 3, self.heads, -1).transpose(2, 0, 3, 1, 4)
        if self.causal:
            mask = causal_mask(T) if mask is None else causal_mask(T) & np.asarray(mask)
        taken, weights = attention(q, k, v, mask)  # (N, heads, T, D / heads)
        joined = taken.swapaxes(1, 2).reshape(N * T, D)
        y: Array = joined @ W_o + b_o
        self.weights, self._kept = weights, (x, q, k, v, weights, joined)
        return y.reshape(N, T, D)

    def backward(self, dy: Array) -> Array:
        """Add to the gradients of the four parameters, and return that of x.

        Three steps back: the product with W_o, `attention_backward` in each head, the product
        with W_qkv. dy and dx have shape (N, T, D).
        """
        x, q, k, v, weights, joined = self._after_forward(self._kept)
        W_qkv, W_o = self.W_qkv.value, self.W_o.value
        N, heads, T, width = q.shape
        D = heads * width
        dy = check_array(dy, "MultiHeadAttention.backward", "dy", (N, T, D), W_o.dtype)
        dy = dy.reshape(N * T, D)
        self.W_o.grad += joined.T @ dy
        self.b_o.grad += dy.sum(axis=0)
        dtaken = (dy @ W_o.T).reshape(N, T, heads, width).swapaxes(1, 2)
        dqkv = np.stack(attention_backward(dtaken, q, k, v, weights))  # (3, N, heads, T, width)
        dqkv = dqkv.transpose(1, 3, 0, 2, 4).reshape(N * T, 3 * D)
        self.W_qkv.grad += x.T @ dqkv
        self.b_qkv.grad += dqkv.sum(axis=0)
        dx: Array = dqkv @ W_qkv.T
        return dx.reshape(N, T, D)

    def parameters(self) -> list[Parameter]:
        """Return W_qkv, b_qkv, W_o, then b_o."""
        return [self.W_qkv, self.b_qkv, self.W_o, self.b_o]

    def __repr__(self) -> str:
        return f"MultiHeadAttention({len(self.W_o.value)}, {self.heads}, causal={self.causal})"
