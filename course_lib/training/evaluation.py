"""How good is a model on given data? Its mean loss, and the share of right labels.

Equation: ``loss = sum(batch size * batch loss) / N``, so that a short last batch counts for less.
"""

import numpy as np
from numpy.typing import ArrayLike

from course_lib._checks import Array, check_count
from course_lib.architecture.layers import Layer
from course_lib.training.data import check_examples
from course_lib.training.losses import Loss


class Tally:
    """Add up losses and right labels batch by batch.

    Parameters
    ----------
    loss_fn : Loss
        Says which labels a prediction stands for.

    Examples
    --------
    >>> from course_lib.training.losses import SoftmaxCrossEntropy
    >>> tally = Tally(SoftmaxCrossEntropy())
    >>> tally.add(0.5, np.array([[2.0, 1.0]]), np.array([0]))
    >>> tally.add(2.0, np.array([[2.0, 1.0], [4.0, 0.0]]), np.array([1, 1]))
    >>> tally.loss, round(tally.accuracy, 3)
    (1.5, 0.333)
    """

    def __init__(self, loss_fn: Loss) -> None:
        self._loss_fn = loss_fn
        self._examples, self._total_loss = 0, 0.0
        self._labels, self._right = 0, 0

    def add(self, loss: float, y_predicted: Array | None, y: Array) -> None:
        """Add a batch: its mean loss, its predictions (None: there are none) and its targets."""
        self._examples += len(y)
        self._total_loss += loss * len(y)
        labels = None if y_predicted is None else self._loss_fn.labels(y_predicted)
        if labels is not None:
            self._labels += y.size
            self._right += int(np.count_nonzero(labels == y))

    @property
    def loss(self) -> float:
        """Mean loss over all examples."""
        return self._total_loss / self._examples

    @property
    def accuracy(self) -> float | None:
        """Share of right labels, in [0, 1]; None if there were no labels."""
        return self._right / self._labels if self._labels else None


def evaluate(
    model: Layer, loss_fn: Loss, X: ArrayLike, y: ArrayLike, *, batch_size: int = 256
) -> tuple[float, float | None]:
    """Return the mean loss and the accuracy of a model on data; nothing is learned.

    Parameters
    ----------
    model : Layer
        Run with ``train=False``.
    loss_fn : Loss
    X, y : array_like of shape (N, …)
        Inputs and targets, N ≥ 1.
    batch_size : int, optional
        Examples passed through at once; the result does not depend on it, the memory does.

    Returns
    -------
    loss : float
    accuracy : float or None
        In [0, 1]; None if the loss has no labels (regression).

    Raises
    ------
    TypeError, ValueError
        If X and y are no numbers, not equally long, or do not fit the model.

    Examples
    --------
    >>> from course_lib.architecture import Dense, zeros
    >>> from course_lib.training.losses import MeanSquaredError
    >>> model = Dense(1, 1, rng=np.random.default_rng(0), initializer=zeros)
    >>> evaluate(model, MeanSquaredError(), [[1.0], [2.0]], [[1.0], [3.0]])
    (5.0, None)
    """
    X, y = check_examples(X, y, "evaluate")
    batch_size = check_count(batch_size, "evaluate", "batch_size")
    tally = Tally(loss_fn)
    for start in range(0, len(X), batch_size):
        x, target = X[start : start + batch_size], y[start : start + batch_size]
        y_predicted = model.forward(x, train=False)
        tally.add(loss_fn.forward(y_predicted, target), y_predicted, target)
    return tally.loss, tally.accuracy
