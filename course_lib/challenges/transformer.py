"""The transformer: attention mixes steps, a small network works on each step, and both only add.

Equation: ``u = x + attention(norm(x))``, then ``y = u + network(norm(u))``.
"""

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from course_lib._checks import Array, check_array
from course_lib.architecture import Dense, Layer, Parameter, ReLU, Sequential
from course_lib.challenges.multi_head_attention import MultiHeadAttention
from course_lib.challenges.sequences import PerStep
from course_lib.mathematics.normalization import LayerNorm


class TransformerBlock(Layer):
    """One block: attention, then a two-layer network on each step, each around a skip connection.

    Norms stand before the parts (pre-norm), so that signal and gradient can pass the block
    unchanged along the sums.

    Parameters
    ----------
    features : int
        Number D of features a step, in and out.
    heads : int
        Attention heads, a divisor of D.
    hidden : int
        Width of the network's hidden layer, often 4 D.
    rng : numpy.random.Generator
        Draws the first weights.
    causal : bool, optional
        If True, no step sees a later one.
    dtype : dtype, optional
        float64 (default) or float32.

    Attributes
    ----------
    attention : MultiHeadAttention
        Its `weights` show who looked at whom.
    network : PerStep
        ``Dense(D, hidden)``, `ReLU`, ``Dense(hidden, D)``.
    norm_attention, norm_network : LayerNorm

    Raises
    ------
    ValueError, TypeError
        If `heads` doesn't divide `features`, or an array doesn't fit.
    RuntimeError
        From `backward` before `forward`.

    References
    ----------
    Vaswani et al. (2017), "Attention is all you need". Xiong et al. (2020), "On layer
    normalization in the transformer architecture" (pre-norm).

    Examples
    --------
    >>> block = TransformerBlock(32, 4, 64, rng=np.random.default_rng(0), causal=True)
    >>> block.forward(np.ones((5, 7, 32))).shape
    (5, 7, 32)
    """

    def __init__(
        self,
        features: int,
        heads: int,
        hidden: int,
        *,
        rng: np.random.Generator,
        causal: bool = False,
        dtype: DTypeLike = np.float64,
    ) -> None:
        self.norm_attention = LayerNorm(features, dtype=dtype)
        self.attention = MultiHeadAttention(features, heads, rng=rng, causal=causal, dtype=dtype)
        self.norm_network = LayerNorm(features, dtype=dtype)
        self.network = PerStep(
            Sequential(
                Dense(features, hidden, rng=rng, dtype=dtype),
                ReLU(),
                Dense(hidden, features, rng=rng, dtype=dtype),
            )
        )

    def forward(self, x: ArrayLike, train: bool = False, *, mask: ArrayLike | None = None) -> Array:
        """Return ``y = u + network(norm(u))`` with ``u = x + attention(norm(x))``.

        x and y have shape (N, T, D); `mask` is that of `MultiHeadAttention.forward`.
        """
        W_o = self.attention.W_o.value
        x = check_array(x, "TransformerBlock", "x", ("N", "T", len(W_o)), W_o.dtype)
        u = x + self.attention.forward(self.norm_attention.forward(x), train, mask=mask)
        y: Array = u + self.network.forward(self.norm_network.forward(u), train)
        return y

    def backward(self, dy: Array) -> Array:
        """Return dx; at each sum the gradient goes both ways, and comes together again."""
        self._after_forward(self.attention.weights)
        dy = check_array(
            dy, "TransformerBlock.backward", "dy", None, self.attention.W_o.value.dtype
        )
        du = dy + self.norm_network.backward(self.network.backward(dy))
        dx: Array = du + self.norm_attention.backward(self.attention.backward(du))
        return dx

    def parameters(self) -> list[Parameter]:
        """Return those of the first norm, the attention, the second norm, the network."""
        parts = self.norm_attention, self.attention, self.norm_network, self.network
        return [parameter for part in parts for parameter in part.parameters()]

    def __repr__(self) -> str:
        D, heads = len(self.attention.W_o.value), self.attention.heads
        hidden = len(self.parameters()[-2].value)
        return f"TransformerBlock({D}, {heads}, {hidden}, causal={self.attention.causal})"
