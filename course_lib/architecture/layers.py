"""Layers turn a batch into a batch, and a gradient of their output into one of their input.

Equations of the fully connected layer: ``y = x @ W + b`` and, backward, ``dx = dy @ W.T``.
"""

import math
from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from course_lib._checks import (
    Array,
    Cached,
    after_forward,
    check_array,
    check_count,
    check_rng,
    keep_float32,
)
from course_lib.architecture.initializers import Initializer, he
from course_lib.architecture.parameter import Parameter


class Layer(ABC):
    """What every layer can do. `forward` keeps what `backward` needs.

    Examples
    --------
    >>> class Double(Layer):
    ...     def forward(self, x, train=False):
    ...         return 2 * np.asarray(x)
    ...     def backward(self, dy):
    ...         return 2 * dy
    >>> Double().forward([[1.5]])
    array([[3.]])
    """

    @abstractmethod
    def forward(self, x: ArrayLike, train: bool = False) -> Array:
        """Compute the output for a batch `x`; `train` tells layers that behave differently then."""

    @abstractmethod
    def backward(self, dy: Array) -> Array:
        """Turn ``dy = ∂loss/∂y`` into ``∂loss/∂x``; add to the parameters' gradients on the way."""

    def parameters(self) -> list[Parameter]:
        """Return the layer's parameters, always in the same order."""
        return []

    def buffers(self) -> list[Array]:
        """Return arrays that are saved with the layer but not learned by descent."""
        return []

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for parameter in self.parameters():
            parameter.zero_grad()

    def _after_forward(self, cached: Cached | None) -> Cached:
        return after_forward(cached, type(self).__name__)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class Dense(Layer):
    """A fully connected layer: every input reaches every output, ``y = x @ W + b``.

    Parameters
    ----------
    inputs, outputs : int
        Numbers D_in and D_out of neurons on either side.
    rng : numpy.random.Generator
        Draws the first weights.
    initializer : callable, optional
        One of `course_lib.architecture.initializers`; He's by default. The bias starts at 0.
    dtype : dtype, optional
        float64 (default) or float32; inputs are converted to it.

    Attributes
    ----------
    W : Parameter of shape (D_in, D_out)
    b : Parameter of shape (D_out,)

    Raises
    ------
    ValueError, TypeError
        From `forward` and `backward`, if an array has the wrong shape or holds no finite numbers.
    RuntimeError
        From `backward` before `forward`.

    References
    ----------
    Goodfellow, Bengio and Courville (2016), *Deep Learning*, section 6.5.

    Examples
    --------
    >>> layer = Dense(2, 3, rng=np.random.default_rng(0))
    >>> layer.forward(np.ones((5, 2))).shape
    (5, 3)
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        rng: np.random.Generator,
        initializer: Initializer = he,
        dtype: DTypeLike = np.float64,
    ) -> None:
        inputs = check_count(inputs, "Dense", "inputs")
        outputs = check_count(outputs, "Dense", "outputs")
        check_rng(rng, "Dense")
        if np.dtype(dtype) not in (np.float32, np.float64):
            raise TypeError(f"Dense expected dtype float32 or float64, got {np.dtype(dtype)}")
        shape = (inputs, outputs)
        W = initializer(shape, inputs, outputs, rng)
        self.W = Parameter(check_array(W, "Dense", "the initializer's W", shape, dtype))
        self.b = Parameter(np.zeros(outputs, dtype))
        self._x: Array | None = None

    def forward(self, x: ArrayLike, train: bool = False) -> Array:
        """Return ``y = x @ W + b``; x has shape (N, D_in), y has shape (N, D_out)."""
        W, b = self.W.value, self.b.value
        x = check_array(x, "Dense", "x", ("N", len(W)), W.dtype)
        y: Array = x @ W + b  # (N, D_out)
        self._x = x
        return y

    def backward(self, dy: Array) -> Array:
        """Add ``dW = x.T @ dy`` and ``db = dy.sum(axis=0)``; return ``dx = dy @ W.T``.

        dy has shape (N, D_out), dx has shape (N, D_in).
        """
        x, W = self._after_forward(self._x), self.W.value
        dy = check_array(dy, "Dense.backward", "dy", (len(x), W.shape[1]), W.dtype)
        self.W.grad += x.T @ dy
        self.b.grad += dy.sum(axis=0)
        dx: Array = dy @ W.T  # (N, D_in)
        return dx

    def parameters(self) -> list[Parameter]:
        """Return W, then b."""
        return [self.W, self.b]

    def __repr__(self) -> str:
        return f"Dense({self.W.value.shape[0]}, {self.W.value.shape[1]})"


class Flatten(Layer):
    """Lay each example out as one row: (N, …) becomes (N, D).

    Examples
    --------
    >>> Flatten().forward(np.zeros((5, 1, 8, 8))).shape
    (5, 64)
    """

    def __init__(self) -> None:
        self._shape: tuple[int, ...] | None = None

    def forward(self, x: ArrayLike, train: bool = False) -> Array:
        """Return ``y = x.reshape(N, D)``; D is the product of all axes after the first."""
        x = check_array(x, "Flatten", "x", None, keep_float32(x))
        if x.ndim < 2:
            raise ValueError(f"Flatten expected x of shape (N, …), got {x.shape}")
        self._shape = x.shape
        return x.reshape(len(x), -1)  # (N, D)

    def backward(self, dy: Array) -> Array:
        """Return ``dx = dy.reshape(x.shape)``."""
        shape = self._after_forward(self._shape)
        flat = (shape[0], math.prod(shape[1:]))
        return check_array(dy, "Flatten.backward", "dy", flat, keep_float32(dy)).reshape(shape)
