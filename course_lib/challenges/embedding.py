"""Embeddings: a table turns each symbol, and each position, into numbers that learning can move.

Equation: ``y[n, t] = E[x[n, t]] + P[t]``.
"""

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from course_lib._checks import Array, check_array, check_count, check_labels, check_rng
from course_lib.architecture.layers import Layer
from course_lib.architecture.parameter import Parameter


class Embedding(Layer):
    """A table with a row of D numbers for each of V symbols: ``y = E[x]``.

    The same as a one-hot vector times E, without the multiplications by 0.

    Parameters
    ----------
    vocabulary : int
        Number V of symbols.
    features : int
        Numbers D a symbol.
    rng : numpy.random.Generator
        Draws the table, from a normal distribution with ``std = sqrt(1 / features)``.
    dtype : dtype, optional
        float64 (default) or float32.

    Attributes
    ----------
    E : Parameter of shape (V, D)

    Raises
    ------
    TypeError, ValueError
        If x does not hold whole numbers from 0 to V − 1.
    RuntimeError
        From `backward` before `forward`.

    References
    ----------
    Bengio, Ducharme, Vincent and Jauvin (2003), "A neural probabilistic language model".

    Examples
    --------
    >>> layer = Embedding(27, 8, rng=np.random.default_rng(0))
    >>> layer.forward([[0, 5, 26], [1, 1, 1]]).shape
    (2, 3, 8)
    """

    def __init__(
        self,
        vocabulary: int,
        features: int,
        *,
        rng: np.random.Generator,
        dtype: DTypeLike = np.float64,
    ) -> None:
        V = check_count(vocabulary, "Embedding", "vocabulary")
        D = check_count(features, "Embedding", "features")
        self.E = _table(V, D, rng, dtype, "Embedding")
        self._x: NDArray[np.int64] | None = None

    def forward(self, x: ArrayLike, train: bool = False) -> Array:
        """Return ``y = E[x]``; x has shape (N, T) and holds integers, y has shape (N, T, D)."""
        E = self.E.value
        x = np.asarray(x)
        if x.ndim != 2:
            raise ValueError(f"Embedding expected x of shape (N, T), got {x.shape}")
        labels = check_labels(x.ravel(), "Embedding", "x", size=x.size, classes=len(E))
        x = self._x = labels.reshape(x.shape)
        y: Array = E[x]  # (N, T, D)
        return y

    def backward(self, dy: Array) -> Array:
        """Add each dy to the row of E that it came from: ``np.add.at(dE, x, dy)``.

        A symbol that occurs twice gets both. dy has shape (N, T, D). Returns zeros of shape
        (N, T), since whole numbers have no slope.
        """
        x, E = self._after_forward(self._x), self.E.value
        dy = check_array(dy, "Embedding.backward", "dy", (*x.shape, E.shape[1]), E.dtype)
        np.add.at(self.E.grad, x, dy)
        return np.zeros(x.shape, E.dtype)

    def parameters(self) -> list[Parameter]:
        """Return E."""
        return [self.E]

    def __repr__(self) -> str:
        return f"Embedding({self.E.value.shape[0]}, {self.E.value.shape[1]})"


class Positions(Layer):
    """Learned positions: ``y = x + P[:T]``. Without them attention can't tell first from last.

    Parameters
    ----------
    steps : int
        Greatest length of a sequence.
    features : int
        Numbers D a step.
    rng : numpy.random.Generator
        Draws the table, from a normal distribution with ``std = sqrt(1 / features)``.
    dtype : dtype, optional
        float64 (default) or float32.

    Attributes
    ----------
    P : Parameter of shape (steps, D)

    Raises
    ------
    ValueError, TypeError
        If an array doesn't fit, or has more than `steps` steps.
    RuntimeError
        From `backward` before `forward`.

    References
    ----------
    Gehring, Auli, Grangier, Yarats and Dauphin (2017), "Convolutional sequence to sequence
    learning", section 3.1.

    Examples
    --------
    >>> layer = Positions(64, 8, rng=np.random.default_rng(0))
    >>> layer.forward(np.zeros((2, 3, 8))).shape
    (2, 3, 8)
    """

    def __init__(
        self,
        steps: int,
        features: int,
        *,
        rng: np.random.Generator,
        dtype: DTypeLike = np.float64,
    ) -> None:
        steps = check_count(steps, "Positions", "steps")
        D = check_count(features, "Positions", "features")
        self.P = _table(steps, D, rng, dtype, "Positions")
        self._shape: tuple[int, ...] | None = None

    def forward(self, x: ArrayLike, train: bool = False) -> Array:
        """Return ``y = x + P[:T]``; x and y have shape (N, T, D)."""
        P = self.P.value
        x = check_array(x, "Positions", "x", ("N", "T", P.shape[1]), P.dtype)
        T = x.shape[1]
        if len(P) < T:
            raise ValueError(f"Positions expected at most {len(P)} steps, got {T}")
        self._shape = x.shape
        y: Array = x + P[:T]
        return y

    def backward(self, dy: Array) -> Array:
        """Add ``dP[:T] = dy.sum(axis=0)`` and return ``dx = dy``."""
        shape = self._after_forward(self._shape)
        dy = check_array(dy, "Positions.backward", "dy", shape, self.P.value.dtype)
        self.P.grad[: shape[1]] += dy.sum(axis=0)
        return dy

    def parameters(self) -> list[Parameter]:
        """Return P."""
        return [self.P]

    def __repr__(self) -> str:
        return f"Positions({self.P.value.shape[0]}, {self.P.value.shape[1]})"


def _table(
    rows: int, features: int, rng: np.random.Generator, dtype: DTypeLike, owner: str
) -> Parameter:
    check_rng(rng, owner)
    if np.dtype(dtype) not in (np.float32, np.float64):
        raise TypeError(f"{owner} expected dtype float32 or float64, got {np.dtype(dtype)}")
    return Parameter(rng.normal(0.0, np.sqrt(1 / features), (rows, features)).astype(dtype))
