"""Demos of the chapter on the training loop: a run that is watched, a boundary that matures.

Equation of the boundary: ``scores[0] = scores[1]``, where ``scores = model.forward(x)``.
"""

import copy
import uuid
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

import numpy as np
from IPython.display import display
from matplotlib.figure import Figure
from numpy.typing import NDArray

from course_lib._checks import Array
from course_lib.architecture import Dense, ReLU, Sequential
from course_lib.datasets.toy import spirals
from course_lib.plotting import style
from course_lib.plotting.boundary import plot_decision_boundary
from course_lib.plotting.curves import plot_accuracy, plot_loss
from course_lib.plotting.decision import plot_points
from course_lib.training import Adam, Epoch, SoftmaxCrossEntropy, accuracy, train

_PICTURES = 12  # as often is the picture of a run drawn anew: drawing takes longer than an epoch


def watch(records: Iterable[Epoch], epochs: int) -> Iterator[Epoch]:
    """Pass the records of a training on, and show meanwhile how it goes.

    A bar of text is written anew after every epoch, the curves now and then and at the end. Both
    are plain outputs of the cell, so that they also stand on a page that no kernel runs behind.

    Parameters
    ----------
    records : iterable of Epoch
        From `course_lib.training.train`, with validation data.
    epochs : int
        How many there will be at most.

    Yields
    ------
    Epoch
        Each record, unchanged.

    Examples
    --------
    >>> records = [Epoch(1, 0.5, 0.8, 1.0, 0.1, 0.6, 0.7)]
    >>> for record in watch(records, epochs=1):  # doctest: +ELLIPSIS
    ...     print("seen:", record.epoch)
    {'text/plain': 'epoch 1 of 1 [####################] validation accuracy 70.0%'}
    Figure(...)
    seen: 1
    Figure(...)
    """
    bar, picture = uuid.uuid4().hex, uuid.uuid4().hex
    seen: list[Epoch] = []
    try:
        for record in records:
            seen.append(record)
            _show({"text/plain": progress(record, epochs)}, bar, update=len(seen) > 1)
            if len(seen) == 1 or len(seen) % max(1, epochs // _PICTURES) == 0:
                _show(draw_curves(seen), picture, update=len(seen) > 1)
            yield record
    finally:  # also if nobody asks for more records, or the training diverges
        if seen:
            _show(draw_curves(seen), picture, update=True)


def _show(content: Figure | dict[str, str], name: str, *, update: bool) -> None:
    """Put an output below the cell, or a newer one in the place of the one of this name."""
    raw = isinstance(content, dict)  # a dict of contents by MIME type
    display(content, raw=raw, display_id=name, update=update)  # type: ignore[no-untyped-call]


def progress(record: Epoch, epochs: int) -> str:
    """Return one line of text: how far a run has come, and how good it is.

    Examples
    --------
    >>> progress(Epoch(5, 0.5, 0.8, 1.0, 0.1, 0.6, 0.7), epochs=20)
    'epoch 5 of 20 [#####...............] validation accuracy 70.0%'
    """
    done = 20 * record.epoch // epochs
    accuracy = f"{record.validation_accuracy or 0:.1%}"
    return f"epoch {record.epoch} of {epochs} [{'#' * done:.<20}] validation accuracy {accuracy}"


def draw_curves(records: Sequence[Epoch]) -> Figure:
    """Draw loss and accuracy of a run side by side.

    Examples
    --------
    >>> len(draw_curves([Epoch(1, 0.5, 0.8, 1.0, 0.1, 0.6, 0.7)]).axes)
    2
    """
    figure = style.figure(7.8, 3.3)
    left, right = figure.subplots(1, 2)
    plot_loss(left, records)
    plot_accuracy(right, records)
    return figure


WIDTHS = (2, 4, 8, 32)
EPOCHS = (0, 1, 2, 3, 4, 6, 8, 11, 15, 20, 27, 36, 50, 70, 100)
POINTS = 200


@cache
def two_spirals() -> tuple[Array, NDArray[np.int64], Array, NDArray[np.int64]]:
    """Draw the training and the unseen points of the demo, read-only.

    Returns
    -------
    X_train : ndarray of shape (200, 2)
    y_train : ndarray of shape (200,)
    X_unseen : ndarray of shape (200, 2)
    y_unseen : ndarray of shape (200,)

    Examples
    --------
    >>> two_spirals()[0].shape
    (200, 2)
    """
    X, y = spirals(2 * POINTS, noise=0.05, rng=np.random.default_rng(0))
    X.flags.writeable = y.flags.writeable = False  # they are shared between calls
    return X[:POINTS], y[:POINTS], X[POINTS:], y[POINTS:]


@cache
def _run(width: int) -> tuple[dict[int, Sequential], list[Epoch]]:
    """Train once; return the network as it was after each of `EPOCHS`, and all records."""
    X, y, X_unseen, y_unseen = two_spirals()
    rng = np.random.default_rng(0)
    model = Sequential(
        Dense(2, width, rng=rng),
        ReLU(),
        Dense(width, width, rng=rng),
        ReLU(),
        Dense(width, 2, rng=rng),
    )
    kept = {0: copy.deepcopy(model)}
    records: list[Epoch] = []
    optimizer = Adam(model.parameters(), lr=0.01)
    for record in train(
        model,
        SoftmaxCrossEntropy(),
        optimizer,
        X,
        y,
        epochs=EPOCHS[-1],
        batch_size=20,
        rng=rng,
        validation=(X_unseen, y_unseen),
    ):
        records.append(record)
        if record.epoch in EPOCHS:
            kept[record.epoch] = copy.deepcopy(model)
    return kept, records


def _labels(model: Sequential, x: Array) -> NDArray[np.int64]:
    return SoftmaxCrossEntropy().labels(model.forward(x))


def draw_maturing(width: int, epoch: int) -> Figure:
    """Draw the regions of a network of two hidden layers after some epochs, and its losses so far.

    Parameters
    ----------
    width : int
        Neurons in each hidden layer, one of `WIDTHS`.
    epoch : int
        One of `EPOCHS`.

    Examples
    --------
    >>> draw_maturing(4, 0).axes[1].get_ylabel()
    'loss'
    """
    kept, records = _run(width)
    X, y, *_ = two_spirals()
    figure = style.figure(7.6, 3.8)
    left, right = figure.subplots(1, 2)
    left.set(xlim=(-1.2, 1.2), ylim=(-1.2, 1.2), xticks=[-1, 0, 1], yticks=[-1, 0, 1])
    plot_points(left, X, y, size=22, highlight=_labels(kept[epoch], X) != y)
    plot_decision_boundary(left, lambda x: _labels(kept[epoch], x), resolution=120)
    left.set(title=f"width {width}, epoch {epoch}", xlabel="$x_1$", ylabel="$x_2$")
    if epoch:
        plot_loss(right, records[:epoch])
        right.legend(loc="upper right")
    right.set(xlim=(0, EPOCHS[-1]), ylim=(0, 0.8), xlabel="epoch", ylabel="loss")
    right.set_xticks(range(0, EPOCHS[-1] + 1, 20))
    right.set_title(f"unseen points right: {_unseen_share(width, epoch):.0%}")
    return figure


def _unseen_share(width: int, epoch: int) -> float:
    _, _, X, y = two_spirals()
    return accuracy(_labels(_run(width)[0][epoch], X), y)


def describe_maturing(width: int, epoch: int) -> str:
    """Say in words what `draw_maturing` shows.

    Examples
    --------
    >>> describe_maturing(2, 0)[:50]
    'Two spiral arms. Width 2 before training: 78 of th'
    """
    kept, records = _run(width)
    X, y, *_ = two_spirals()
    wrong = int((_labels(kept[epoch], X) != y).sum())
    when = f"after epoch {epoch}" if epoch else "before training"
    text = (
        f"Two spiral arms. Width {width} {when}: {wrong} of the {POINTS} training points are "
        f"ringed as wrong; {_unseen_share(width, epoch):.0%} of unseen points are answered right."
    )
    if not epoch:
        return text
    last = records[epoch - 1]
    return f"{text} Training loss {last.loss:.2f}, validation loss {last.validation_loss:.2f}."
