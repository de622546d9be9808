"""Sequences of unequal length in one batch: shorter ones are filled up, and the filling is ignored.

Equation: step t of sequence n is real where ``t < lengths[n]``, and padding elsewhere.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_lib._checks import Array, check_array, keep_float32
from course_lib.architecture.layers import Layer
from course_lib.architecture.parameter import Parameter


def find_lengths(x: ArrayLike) -> NDArray[np.int64]:
    """Count the steps of each sequence up to the last one that isn't all zeros.

    Parameters
    ----------
    x : array_like of shape (N, T, D)
        Sequences, filled up with zeros behind.

    Returns
    -------
    ndarray of int64, shape (N,)
        1 … T; a sequence of zeros alone counts as one step.

    Examples
    --------
    >>> find_lengths([[[3.0], [0.0], [5.0]], [[7.0], [0.0], [0.0]]])
    array([3, 1])
    """
    x = check_array(x, "find_lengths", "x", ("N", "T", "D"), keep_float32(x))
    filled = (x != 0).any(axis=2)  # (N, T)
    lengths = x.shape[1] - filled[:, ::-1].argmax(axis=1)
    return np.where(filled.any(axis=1), lengths, 1)


def real_steps(lengths: ArrayLike, owner: str, N: int, T: int) -> NDArray[np.bool_]:
    """Return an array of shape (N, T): True where ``t < lengths[n]``.

    Parameters
    ----------
    lengths : array_like of int, shape (N,)
        Real steps of each sequence, 1 … T.
    owner : str
        Who asks; appears in the error.
    N, T : int
        Sequences, and steps of each with its padding.

    Raises
    ------
    TypeError, ValueError
        If `lengths` does not hold N whole numbers from 1 to T.

    Examples
    --------
    >>> real_steps([1, 3], "doctest", 2, 3)
    array([[ True, False, False],
           [ True,  True,  True]])
    """
    steps = np.asarray(lengths)
    if steps.dtype.kind not in "iu":
        raise TypeError(f"{owner} expected lengths to be whole numbers, got dtype {steps.dtype}")
    if steps.shape != (N,):
        raise ValueError(f"{owner} expected lengths of shape ({N},), got {steps.shape}")
    outside = (steps < 1) | (steps > T)
    if outside.any():
        raise ValueError(f"{owner} expected lengths between 1 and {T}, got {steps[outside][0]}")
    real: NDArray[np.bool_] = np.arange(T) < steps[:, None]
    return real


class MeanStep(Layer):
    """The mean over the real steps of each sequence: (N, T, H) becomes (N, H).

    Examples
    --------
    >>> x = np.array([[[1.0], [3.0], [0.0]]])
    >>> MeanStep().forward(x, lengths=[2])
    array([[2.]])
    """

    def __init__(self) -> None:
        self._kept: tuple[Array, int] | None = None

    def forward(
        self, x: ArrayLike, train: bool = False, *, lengths: ArrayLike | None = None
    ) -> Array:
        """Return ``y = (share * x).sum(axis=1)``; a real step's share is ``1 / lengths[n]``.

        x has shape (N, T, H), y has shape (N, H). Without `lengths` all steps are real.
        """
        name = type(self).__name__
        x = check_array(x, name, "x", ("N", "T", "H"), keep_float32(x))
        N, T, _ = x.shape
        real = real_steps(np.full(N, T) if lengths is None else lengths, name, N, T)
        share = self._shares(real)[:, :, None].astype(x.dtype)  # (N, T, 1)
        self._kept = share, x.shape[2]
        y: Array = (share * x).sum(axis=1)  # (N, H)
        return y

    def backward(self, dy: Array) -> Array:
        """Return ``dx = share * dy``, of shape (N, T, H); dy has shape (N, H)."""
        share, H = self._after_forward(self._kept)
        owner = f"{type(self).__name__}.backward"
        dy = check_array(dy, owner, "dy", (len(share), H), share.dtype)
        dx: Array = share * dy[:, None, :]  # (N, T, H)
        return dx

    def _shares(self, real: NDArray[np.bool_]) -> Array:
        shares: Array = real / real.sum(axis=1, keepdims=True)
        return shares


class LastStep(MeanStep):
    """The last real step of each sequence: (N, T, H) becomes (N, H).

    Behind a recurrent layer that was told the lengths, the plain last step will do: over
    padding the state only repeats.

    Examples
    --------
    >>> x = np.array([[[1.0], [3.0], [0.0]]])
    >>> LastStep().forward(x), LastStep().forward(x, lengths=[2])
    (array([[0.]]), array([[3.]]))
    """

    def _shares(self, real: NDArray[np.bool_]) -> Array:
        # Real and followed by padding, or by the end.
        last = real & ~np.pad(real[:, 1:], ((0, 0), (0, 1)))
        return last.astype(np.float64)


class PerStep(Layer):
    """A layer for (N, D) applied to every step of (N, T, D), with the same weights.

    Parameters
    ----------
    layer : Layer
        Such as `Dense`.

    Raises
    ------
    TypeError
        If `layer` is none.

    Examples
    --------
    >>> from course_lib.architecture import Dense
    >>> PerStep(Dense(8, 3, rng=np.random.default_rng(0))).forward(np.zeros((5, 4, 8))).shape
    (5, 4, 3)
    """

    def __init__(self, layer: Layer) -> None:
        if not isinstance(layer, Layer):
            raise TypeError(f"PerStep expected a layer, got {layer!r}")
        self.layer = layer
        self._steps: tuple[int, int] | None = None

    def forward(self, x: ArrayLike, train: bool = False) -> Array:
        """Return ``y[n, t] = layer(x[n, t])``; x has shape (N, T, D), y has shape (N, T, H)."""
        x = check_array(x, "PerStep", "x", ("N", "T", "D"), keep_float32(x))
        N, T, D = x.shape
        self._steps = N, T
        return self.layer.forward(x.reshape(N * T, D), train).reshape(N, T, -1)

    def backward(self, dy: Array) -> Array:
        """Return ``dx[n, t]``, the layer's own; dy has shape (N, T, H), dx has (N, T, D)."""
        N, T = self._after_forward(self._steps)
        dy = check_array(dy, "PerStep.backward", "dy", (N, T, "H"), keep_float32(dy))
        return self.layer.backward(dy.reshape(N * T, -1)).reshape(N, T, -1)

    def parameters(self) -> list[Parameter]:
        """Return the layer's parameters."""
        return self.layer.parameters()

    def buffers(self) -> list[Array]:
        """Return the layer's buffers."""
        return self.layer.buffers()

    def __repr__(self) -> str:
        return f"PerStep({self.layer!r})"
