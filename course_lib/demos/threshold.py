"""Demo of the chapter on supervised learning: a threshold trades false alarms for misses.

Equation: ``predicted = p > threshold``.
"""

from functools import cache

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from course_lib._checks import Array
from course_lib.architecture import Dense, sigmoid
from course_lib.datasets import load_digits
from course_lib.plotting import style
from course_lib.plotting.matrices import plot_confusion_matrix
from course_lib.training import (
    SGD,
    BinaryCrossEntropy,
    Standardizer,
    accuracy,
    batches,
    confusion_matrix,
    precision,
    recall,
    split,
)

EIGHT = 8
THRESHOLDS = [round(0.05 * i, 2) for i in range(1, 20)]


@cache
def eights() -> tuple[Array, NDArray[np.int64]]:
    """Let a sigmoid neuron say for unseen digits how probably each is an eight.

    Returns
    -------
    p : ndarray of shape (898,), read-only
    is_eight : ndarray of int, of shape (898,), read-only

    Examples
    --------
    >>> p, is_eight = eights()
    >>> len(p), int(is_eight.sum())
    (898, 86)
    """
    images, digits = load_digits()
    rng = np.random.default_rng(0)
    X_train, X_test, y_train, y_test = split(images, digits, test=0.5, rng=rng)
    standardizer = Standardizer(X_train)
    model, loss_fn = Dense(64, 1, rng=rng), BinaryCrossEntropy()
    optimizer = SGD(model.parameters(), lr=0.1)
    is_eight = (y_train == EIGHT).astype(int)
    for _ in range(10):
        for x, y in batches(standardizer.apply(X_train), is_eight, size=32, rng=rng):
            loss_fn.forward(model.forward(x, train=True), y)
            model.zero_grad()
            model.backward(loss_fn.backward())
            optimizer.step()
    p = sigmoid(model.forward(standardizer.apply(X_test)).reshape(-1))
    answers = (y_test == EIGHT).astype(np.int64)
    p.flags.writeable = answers.flags.writeable = False  # they are shared between calls
    return p, answers


def _measures(threshold: float) -> tuple[float, float, float]:
    p, is_eight = eights()
    predicted = (p > threshold).astype(int)
    return (
        accuracy(predicted, is_eight),
        float(precision(predicted, is_eight, 2)[1]),
        float(recall(predicted, is_eight, 2)[1]),
    )


def draw_threshold(threshold: float) -> Figure:
    """Draw what comes of calling every picture an eight whose probability exceeds a threshold.

    Examples
    --------
    >>> draw_threshold(0.5).axes[1].get_xlabel()
    'threshold'
    """
    p, is_eight = eights()
    figure = style.figure(7.2, 3.5)
    left, right = figure.subplots(1, 2, width_ratios=[1, 1.5])
    counts = confusion_matrix((p > threshold).astype(int), is_eight, 2)
    plot_confusion_matrix(left, counts, names=["other", "eight"])
    left.set_title(f"eight if p > {threshold:g}")
    curves = np.array([_measures(value) for value in THRESHOLDS])
    for i, (name, marker, dashes) in enumerate(
        (("accuracy", "o", ":"), ("precision", "s", "--"), ("recall", "^", "-"))
    ):
        value, color = _measures(threshold)[i], style.CLASS_COLORS[i]
        label = f"{name} {value:.1%}"
        right.plot(THRESHOLDS, curves[:, i], dashes, color=color, label=label)
        right.plot(threshold, value, marker, color=color, markersize=9)
    right.axvline(threshold, color=style.MUTED, linewidth=0.8)
    right.set(xlabel="threshold", ylim=(-0.03, 1.45), yticks=[0, 0.25, 0.5, 0.75, 1])
    right.legend(loc="upper center", ncols=1)
    return figure


def describe_threshold(threshold: float) -> str:
    """Say in words what `draw_threshold` shows.

    Examples
    --------
    >>> describe_threshold(0.5)[:56]
    'Called an eight above 0.5: 61 of 86 eights are found, 14'
    """
    p, is_eight = eights()
    (_, false_alarms), (missed, found) = confusion_matrix(
        (p > threshold).astype(int), is_eight, 2
    ).tolist()
    share, exact, complete = _measures(threshold)
    return (
        f"Called an eight above {threshold:g}: {found} of {found + missed} eights are found, "
        f"{false_alarms} other digits are called eights. "
        f"Accuracy {share:.1%}, precision {exact:.1%}, recall {complete:.1%}."
    )
