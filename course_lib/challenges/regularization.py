"""Keep a network from learning its training set by heart: prefer small weights, forget at random.

Equations: L2 adds ``strength / 2 * sum(W**2)`` to the loss, L1 adds ``strength * sum(abs(W))``;
dropout makes ``y = x * mask``, with mask 0 or ``1 / (1 - rate)``.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

from course_lib._checks import (
    Array,
    check_array,
    check_fraction,
    check_positive,
    check_rng,
    keep_float32,
)
from course_lib.architecture.layers import Layer
from course_lib.architecture.parameter import Parameter


class Penalty(ABC):
    """A price on large weights, to be added to the loss.

    Parameters
    ----------
    strength : float
        The price of a unit, above 0.
    biases : bool, optional
        Whether parameters with fewer than two axes (biases, and the scales of a normalization)
        count as well. By default they are left out: they don't make a function steeper.

    Raises
    ------
    TypeError, ValueError
        Unless strength is a number above 0. From the methods, if nothing is left to penalize.
    """

    def __init__(self, strength: float, *, biases: bool = False) -> None:
        self.strength = check_positive(strength, type(self).__name__, "strength")
        self.biases = biases

    @abstractmethod
    def penalty(self, parameters: Iterable[Parameter]) -> float:
        """Return what is added to the loss."""

    @abstractmethod
    def add_gradients(self, parameters: Iterable[Parameter]) -> None:
        """Add the derivative of `penalty` to the gradients; call it after ``model.backward``."""

    def _weights(self, parameters: Iterable[Parameter]) -> list[Parameter]:
        chosen = [p for p in parameters if self.biases or p.value.ndim >= 2]
        if not chosen:
            raise ValueError(
                f"{type(self).__name__} expected parameters with a weight of two or more axes, "
                "got none; pass biases=True to penalize the others"
            )
        return chosen

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.strength:g}{', biases=True' if self.biases else ''})"


class L2(Penalty):
    """Pull every weight towards 0 in proportion to its size: weight decay.

    ``penalty = strength / 2 * sum(W**2)``, so ``dW += strength * W``.

    References
    ----------
    Krogh and Hertz (1991), "A simple weight decay can improve generalization", NIPS 4.

    Examples
    --------
    >>> W = Parameter([[3.0, -4.0]])
    >>> l2 = L2(0.1)
    >>> l2.penalty([W])
    1.25
    >>> l2.add_gradients([W])
    >>> W.grad
    array([[ 0.3, -0.4]])
    """

    def penalty(self, parameters: Iterable[Parameter]) -> float:
        """Return ``strength / 2 * sum(W**2)`` over all weights."""
        strength = self.strength
        return sum(float(strength / 2 * np.sum(p.value**2)) for p in self._weights(parameters))

    def add_gradients(self, parameters: Iterable[Parameter]) -> None:
        """Add ``strength * W`` to the gradient of each weight."""
        for p in self._weights(parameters):
            p.grad += self.strength * p.value


class L1(Penalty):
    """Pull every weight towards 0 with the same force: many end at 0, or next to it.

    ``penalty = strength * sum(abs(W))``, so ``dW += strength * sign(W)``; at 0 that is 0.

    References
    ----------
    Tibshirani (1996), "Regression shrinkage and selection via the lasso", JRSS B 58(1).

    Examples
    --------
    >>> W = Parameter([[3.0, -4.0]])
    >>> l1 = L1(0.1)
    >>> round(l1.penalty([W]), 12)
    0.7
    >>> l1.add_gradients([W])
    >>> W.grad
    array([[ 0.1, -0.1]])
    """

    def penalty(self, parameters: Iterable[Parameter]) -> float:
        """Return ``strength * sum(abs(W))`` over all weights."""
        strength = self.strength
        return sum(float(strength * np.sum(np.abs(p.value))) for p in self._weights(parameters))

    def add_gradients(self, parameters: Iterable[Parameter]) -> None:
        """Add ``strength * sign(W)`` to the gradient of each weight."""
        for p in self._weights(parameters):
            p.grad += self.strength * np.sign(p.value)


class Dropout(Layer):
    """While training, set each number to 0 with probability `rate`; scale up the others.

    ``y = x * mask``, where mask is 0 with probability `rate`, else ``1 / (1 - rate)``, so that
    the expected value of y is x. Outside training, ``y = x``.

    Parameters
    ----------
    rate : float
        Probability of being dropped, in [0, 1).
    rng : numpy.random.Generator
        Draws a new mask in each forward pass with ``train=True``.

    Raises
    ------
    TypeError, ValueError
        Unless rate is a number in [0, 1); from `forward` and `backward` for unfit arrays.
    RuntimeError
        From `backward` before `forward`.

    References
    ----------
    Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov (2014), "Dropout: a simple way to
    prevent neural networks from overfitting", JMLR 15; its section 10 has the scaling used here.

    Examples
    --------
    >>> layer = Dropout(0.5, rng=np.random.default_rng(0))
    >>> layer.forward(np.ones((1, 6)), train=True)
    array([[0., 2., 2., 2., 0., 0.]])
    >>> layer.backward(np.ones((1, 6)))
    array([[0., 2., 2., 2., 0., 0.]])
    >>> layer.forward(np.ones((1, 6)))
    array([[1., 1., 1., 1., 1., 1.]])
    """

    def __init__(self, rate: float, *, rng: np.random.Generator) -> None:
        self.rate = check_fraction(rate, "Dropout", "rate")
        self.rng = check_rng(rng, "Dropout")
        self._mask: Array | None = None

    def forward(self, x: ArrayLike, train: bool = False) -> Array:
        """Return ``y = x * mask`` if `train`, else ``y = x``; any shape."""
        x = check_array(x, "Dropout", "x", None, keep_float32(x))
        if not train:
            self._mask = np.broadcast_to(np.ones((), x.dtype), x.shape)  # takes no memory
            return x
        keep = np.asarray(1 - self.rate, x.dtype)
        kept = self.rng.random(x.shape, x.dtype) < keep
        mask = kept / keep
        self._mask = mask
        y: Array = x * mask
        return y

    def backward(self, dy: Array) -> Array:
        """Return ``dx = dy * mask``: nothing passes where nothing passed forward."""
        mask = self._after_forward(self._mask)
        dy = check_array(dy, "Dropout.backward", "dy", mask.shape, mask.dtype)
        dx: Array = dy * mask
        return dx

    def __repr__(self) -> str:
        return f"Dropout({self.rate:g})"
