"""Stop when the validation loss has not improved for a while, and go back to the best epoch.

Equation: stop after epoch t if ``t - best_epoch >= patience``.
"""

import math

import numpy as np

from course_lib._checks import Array, check_count
from course_lib.architecture.layers import Layer


class EarlyStopping:
    """Watches the validation loss and keeps a copy of the best parameters.

    Parameters
    ----------
    model : Layer
        The network in training; its parameters and buffers are copied at every new best loss.
    patience : int
        How many epochs in a row may pass without a new best loss.

    Attributes
    ----------
    best_loss : float
        The lowest loss so far; infinity before the first.
    best_epoch : int or None
        Which call of `should_stop` brought it, counted from 0.

    Raises
    ------
    TypeError, ValueError
        If model is no layer, or patience no whole number above 0.

    References
    ----------
    Prechelt (1998), "Early stopping — but when?", in *Neural Networks: Tricks of the Trade*.

    Examples
    --------
    >>> from course_lib.architecture import Dense
    >>> model = Dense(2, 1, rng=np.random.default_rng(0))
    >>> stopping = EarlyStopping(model, patience=2)
    >>> [stopping.should_stop(loss) for loss in (0.9, 0.5, 0.6, 0.7)]
    [False, False, False, True]
    >>> stopping.best_epoch, stopping.best_loss
    (1, 0.5)
    >>> stopping.restore()
    """

    def __init__(self, model: Layer, *, patience: int) -> None:
        if not isinstance(model, Layer):
            raise TypeError(f"EarlyStopping expected model as a Layer, got {model!r}")
        self.model = model
        self.patience = check_count(patience, "EarlyStopping", "patience")
        self.best_loss = math.inf
        self.best_epoch: int | None = None
        self._epoch = -1
        self._best: list[Array] = []

    def should_stop(self, validation_loss: float) -> bool:
        """Take note of an epoch's loss; return whether patience has run out.

        A loss that is NaN is no improvement, so that a training that diverged ends too.
        """
        if not isinstance(validation_loss, (int, float, np.integer, np.floating)):
            raise TypeError(
                "EarlyStopping.should_stop expected validation_loss as a number, "
                f"got {validation_loss!r}"
            )
        self._epoch += 1
        if validation_loss < self.best_loss:
            self.best_loss, self.best_epoch = float(validation_loss), self._epoch
            self._best = [array.copy() for array in self._arrays()]
        best_epoch = -1 if self.best_epoch is None else self.best_epoch
        return self._epoch - best_epoch >= self.patience

    def restore(self) -> None:
        """Write the best parameters and buffers back into the model, in place.

        Raises
        ------
        RuntimeError
            If no epoch had a loss below infinity yet.
        """
        if self.best_epoch is None:
            raise RuntimeError(
                "EarlyStopping.restore needs a finite loss first: call should_stop after each epoch"
            )
        for array, best in zip(self._arrays(), self._best, strict=True):
            array[...] = best

    def _arrays(self) -> list[Array]:
        return [parameter.value for parameter in self.model.parameters()] + self.model.buffers()

    def __repr__(self) -> str:
        return f"EarlyStopping(patience={self.patience})"
