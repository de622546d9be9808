"""One neuron: a weighted sum of its inputs plus a bias, and a decision about that sum.

Equation: ``z = x @ W + b``; a perceptron answers ``y = 1 if z > 0 else 0``, a sigmoid neuron
answers ``y = σ(z)``, a number between 0 and 1.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_lib._checks import (
    Array,
    check_array,
    check_count,
    check_labels,
    check_positive,
    check_rng,
)
from course_lib.architecture.activations import sigmoid
from course_lib.architecture.layers import Layer
from course_lib.architecture.parameter import Parameter


class Perceptron:
    """Rosenblatt's perceptron: a neuron that answers 0 or 1 and learns from its mistakes.

    Parameters
    ----------
    inputs : int
        Number D of inputs.
    lr : float, optional
        Learning rate, above 0. From zero weights it only scales W and b, so that every
        decision stays the same.

    Attributes
    ----------
    W : ndarray of shape (D,)
        One weight an input; starts at 0.
    b : float
        The bias; starts at 0.

    References
    ----------
    Rosenblatt (1958), "The perceptron: a probabilistic model for information storage and
    organization in the brain", Psychological Review 65(6).

    Examples
    --------
    >>> x, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 0, 1]
    >>> neuron = Perceptron(2)
    >>> neuron.fit(x, y, epochs=20)
    [1, 3, 3, 2, 1, 0]
    >>> neuron.forward(x)
    array([0, 0, 0, 1])
    """

    def __init__(self, inputs: int, *, lr: float = 1.0) -> None:
        self.W: Array = np.zeros(check_count(inputs, "Perceptron", "inputs"))
        self.b: float = 0.0
        self.lr: float = check_positive(lr, "Perceptron", "lr")

    def score(self, x: ArrayLike) -> Array:
        """Return the weighted sums ``z = x @ W + b``.

        Parameters
        ----------
        x : array_like of shape (N, D)

        Returns
        -------
        ndarray of shape (N,)
            Above 0 on one side of the decision line, below 0 on the other.
        """
        x = check_array(x, "Perceptron", "x", ("N", self.W.size))
        z: Array = x @ self.W + self.b  # (N,)
        return z

    def forward(self, x: ArrayLike) -> NDArray[np.int64]:
        """Answer 1 where ``z > 0``, else 0; x has shape (N, D), the answers (N,)."""
        return (self.score(x) > 0).astype(np.int64)

    def update(self, x: ArrayLike, target: int) -> int:
        """Learn from one example; change nothing if the answer is right.

        ``error = target - y``, then ``W += lr * error * x`` and ``b += lr * error``.

        Parameters
        ----------
        x : array_like of shape (D,)
        target : int
            The right answer, 0 or 1.

        Returns
        -------
        int
            The error: 0 if the answer was right, 1 if it should have fired, −1 if it should not.
        """
        x = check_array(x, "Perceptron.update", "x", (self.W.size,))
        check_labels([target], "Perceptron.update", "target", size=1, classes=2)
        return self._learn(x, int(target))

    def _learn(self, x: Array, target: int) -> int:
        lr = self.lr
        y = int(x @ self.W + self.b > 0)
        error = target - y
        self.W += lr * error * x
        self.b += lr * error
        return error

    def fit(
        self,
        x: ArrayLike,
        targets: ArrayLike,
        *,
        epochs: int,
        rng: np.random.Generator | None = None,
    ) -> list[int]:
        """Update on every example, epoch after epoch, until an epoch passes without a mistake.

        Parameters
        ----------
        x : array_like of shape (N, D)
        targets : array_like of shape (N,)
            Labels 0 or 1.
        epochs : int
            Most passes over the data. On data that no line separates, all are used.
        rng : numpy.random.Generator, optional
            Visits the examples in a new random order each epoch; without it, in the given order.

        Returns
        -------
        list of int
            Mistakes made in each epoch; ends with 0 if the data were separated.
        """
        x = check_array(x, "Perceptron.fit", "x", ("N", self.W.size))
        targets = check_labels(targets, "Perceptron.fit", "targets", size=len(x), classes=2)
        epochs = check_count(epochs, "Perceptron.fit", "epochs")
        if rng is not None:
            check_rng(rng, "Perceptron.fit")
        mistakes: list[int] = []
        for _ in range(epochs):
            order = np.arange(len(x)) if rng is None else rng.permutation(len(x))
            mistakes.append(sum(self._learn(x[i], int(targets[i])) != 0 for i in order))
            if mistakes[-1] == 0:
                break
        return mistakes

    def __repr__(self) -> str:
        return f"Perceptron({self.W.size}, lr={self.lr:g})"


class SigmoidNeuron(Layer):
    """A neuron whose answer changes smoothly: ``y = σ(x @ W + b)``, between 0 and 1.

    Parameters
    ----------
    inputs : int
        Number D of inputs.
    rng : numpy.random.Generator
        Draws the first weights, from a normal distribution with ``std = sqrt(1 / inputs)``.

    Attributes
    ----------
    W : Parameter of shape (D,)
    b : Parameter of shape ()

    Examples
    --------
    >>> neuron = SigmoidNeuron(2, rng=np.random.default_rng(0))
    >>> neuron.W.value[:] = [2.0, -1.0]
    >>> neuron.forward([[0.0, 0.0], [1.0, 2.0], [3.0, 0.0]]).round(3)
    array([0.5  , 0.5  , 0.998])
    """

    def __init__(self, inputs: int, *, rng: np.random.Generator) -> None:
        inputs = check_count(inputs, "SigmoidNeuron", "inputs")
        check_rng(rng, "SigmoidNeuron")
        self.W = Parameter(rng.normal(0.0, np.sqrt(1 / inputs), inputs))
        self.b = Parameter(0.0)
        self._x: Array | None = None
        self._y: Array | None = None

    def forward(self, x: ArrayLike, train: bool = False) -> Array:
        """Return ``y = σ(x @ W + b)``; x has shape (N, D), y has shape (N,)."""
        W, b = self.W.value, self.b.value
        x = check_array(x, "SigmoidNeuron", "x", ("N", W.size), W.dtype)
        y = sigmoid(x @ W + b)  # (N,)
        self._x, self._y = x, y
        return y

    def backward(self, dy: Array) -> Array:
        """Add to the gradients of W and b, and return that of x.

        ``dz = dy * y * (1 - y)``, ``dW = x.T @ dz``, ``db = dz.sum()``, ``dx = outer(dz, W)``;
        dy has shape (N,), dx has shape (N, D).
        """
        x, y = self._after_forward(self._x), self._after_forward(self._y)
        dy = check_array(dy, "SigmoidNeuron.backward", "dy", y.shape, y.dtype)
        dz = dy * y * (1 - y)  # (N,)
        self.W.grad += x.T @ dz
        self.b.grad += dz.sum()
        return np.outer(dz, self.W.value)  # (N, D)

    def parameters(self) -> list[Parameter]:
        """Return W, then b."""
        return [self.W, self.b]

    def __repr__(self) -> str:
        return f"SigmoidNeuron({self.W.value.size})"
