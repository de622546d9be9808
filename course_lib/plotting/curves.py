"""Learning curves: loss and accuracy, epoch by epoch, on data seen and unseen.

Equation of the gap between the two lines: ``validation loss - training loss``, what overfitting
costs.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from course_lib._checks import check_array
from course_lib.plotting.style import TRAIN, VALIDATION


class Record(Protocol):
    """What a curve needs to know of an epoch; `course_lib.training.Epoch` has it."""

    @property
    def epoch(self) -> int:
        """Number of the epoch."""

    @property
    def loss(self) -> float:
        """Mean loss on the training data."""

    @property
    def accuracy(self) -> float | None:
        """Share of right labels on the training data, or None."""

    @property
    def validation_loss(self) -> float | None:
        """Mean loss on the validation data, or None."""

    @property
    def validation_accuracy(self) -> float | None:
        """Share of right labels on the validation data, or None."""


def plot_loss(ax: Axes, records: Iterable[Record], *, log: bool = False) -> Axes:
    """Draw the loss over the epochs: training solid, validation (where there is any) dashed.

    Parameters
    ----------
    ax : Axes
    records : iterable of epoch records
        As `course_lib.training.train` yields them; at least one.
    log : bool, optional
        Logarithmic axes, for a loss that falls by powers of ten.

    Returns
    -------
    Axes
        The same `ax`.

    Raises
    ------
    ValueError
        If there is no record, or a loss is not finite.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from course_lib.plotting.style import figure
    >>> records = [SimpleNamespace(epoch=i, loss=1 / i, validation_loss=None) for i in (1, 2, 3)]
    >>> ax = plot_loss(figure().subplots(), records)
    """
    kept = _check(records, "plot_loss")
    epochs = [record.epoch for record in kept]
    _draw(ax, epochs, [record.loss for record in kept], [r.validation_loss for r in kept])
    ax.set_ylabel("loss")
    if log:
        ax.set_xscale("log")
        ax.set_yscale("log")
    else:
        ax.set_ylim(bottom=0)
    return ax


def plot_accuracy(ax: Axes, records: Iterable[Record]) -> Axes:
    """Draw the share of right labels over the epochs, in percent; see `plot_loss`.

    Raises
    ------
    ValueError
        If there is no record, or one without an accuracy.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from course_lib.plotting.style import figure
    >>> records = [SimpleNamespace(epoch=1, accuracy=0.5, validation_accuracy=0.4)]
    >>> ax = plot_accuracy(figure().subplots(), records)
    """
    kept = _check(records, "plot_accuracy")
    train = [record.accuracy for record in kept]
    if any(value is None for value in train):
        raise ValueError("plot_accuracy expected records with an accuracy, got None")
    epochs = [record.epoch for record in kept]
    _draw(ax, epochs, train, [record.validation_accuracy for record in kept])
    ax.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.4g}%")
    ax.set_ylabel("accuracy")
    ax.set_ylim(top=min(1.0, ax.get_ylim()[1]))
    return ax


def _check(records: Iterable[Record], owner: str) -> list[Record]:
    kept = list(records)
    if not kept:
        raise ValueError(f"{owner} expected at least one epoch record, got none")
    return kept


def _draw(
    ax: Axes, epochs: list[int], train: Sequence[float | None], unseen: Sequence[float | None]
) -> None:
    # A single epoch has no line: its marker is all there is to see.
    marker = "o" if len(epochs) == 1 else None
    heights = check_array(np.array(train, float), "curve", "training values", ("epochs",))
    ax.plot(epochs, heights, color=TRAIN, marker=marker, label="training")
    measured = [(epoch, y) for epoch, y in zip(epochs, unseen, strict=True) if y is not None]
    if measured:
        points = check_array(measured, "curve", "validation values", ("epochs", 2))
        ax.plot(*points.T, color=VALIDATION, linestyle="--", marker=marker, label="validation")
        ax.legend()
    ax.set_xlabel("epoch")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
