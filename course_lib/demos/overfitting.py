"""Demos of the chapter on overfitting: a network's width, its data, and the errors of its labels.

Equation of the fitted layer: ``V = argmin sum((h @ V - targets)**2)``, of least length.
"""

from functools import cache

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from course_lib._checks import Array, check_count, check_fraction, check_rng
from course_lib.architecture import Dense, ReLU, Sequential
from course_lib.datasets import load_digits
from course_lib.plotting import style

Labels = NDArray[np.int64]

SIZES = (50, 100, 200)
WRONG = (0.0, 0.25)
WIDTHS = (10, 20, 50, 100, 200, 400, 800, 2000)
DRAWS = 6  # every error is a mean over as many training sets
UNSEEN = 500


def few_digits(
    examples: int, wrong: float, *, rng: np.random.Generator
) -> tuple[Array, Labels, Array, Labels]:
    """Draw a small training set of digits, some with a wrong label; the rest stays unseen.

    Parameters
    ----------
    examples : int
        Size N of the training set, from 2 to 1796.
    wrong : float
        Share of the training labels that are replaced by another digit, in [0, 1).
    rng : numpy.random.Generator
        Draws the examples and the mistakes. The same examples come whatever `wrong` is, and the
        wrong labels of a smaller share are among those of a larger one.

    Returns
    -------
    x : ndarray of shape (N, 64)
        Pictures, minus the mean training picture.
    y : ndarray of shape (N,)
        Labels as they were written down.
    x_unseen : ndarray of shape (1797 - N, 64)
    y_unseen : ndarray of shape (1797 - N,)
        The labels of unseen pictures are right.

    Raises
    ------
    TypeError, ValueError
        If examples or wrong is out of range.

    Examples
    --------
    >>> x, y, x_unseen, y_unseen = few_digits(200, 0.25, rng=np.random.default_rng(0))
    >>> x.shape, x_unseen.shape
    ((200, 64), (1597, 64))
    """
    examples = check_count(examples, "few_digits", "examples", least=2)
    wrong = check_fraction(wrong, "few_digits", "wrong")
    images, digits = load_digits()
    if examples >= len(images):
        raise ValueError(f"few_digits expected examples below {len(images)}, got {examples}")
    order = check_rng(rng, "few_digits").permutation(len(images))
    mixed_up = rng.permutation(examples)[: round(wrong * examples)]
    slips = rng.integers(1, 10, examples)
    x, y = images[order], digits[order]
    x -= x[:examples].mean(axis=0)
    y[mixed_up] = (y[mixed_up] + slips[mixed_up]) % 10
    return x[:examples], y[:examples], x[examples:], y[examples:]


def fit_last_layer(
    x: Array, targets: Array, x_unseen: Array, width: int, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Leave the hidden layer as it was drawn, solve for the output layer, and predict.

    Of all output weights V with the smallest squared error, `lstsq` returns the shortest.

    Parameters
    ----------
    x : ndarray of shape (N, D)
    targets : ndarray of shape (N, K)
    x_unseen : ndarray of shape (M, D)
    width : int
        Number of hidden neurons H.
    rng : numpy.random.Generator
        Draws the hidden layer.

    Returns
    -------
    y_predicted : ndarray of shape (M, K)
        Answers to `x_unseen`.
    V : ndarray of shape (H, K)

    Examples
    --------
    >>> x, targets = np.ones((3, 2)), np.ones((3, 1))
    >>> y_predicted, V = fit_last_layer(x, targets, x, 4, np.random.default_rng(0))
    >>> y_predicted.round(6).ravel()
    array([1., 1., 1.])
    """
    hidden = Sequential(Dense(x.shape[1], width, rng=rng), ReLU())
    h = hidden.forward(x)  # (N, H)
    V, *_ = np.linalg.lstsq(h, targets)
    return hidden.forward(x_unseen) @ V, V


@cache
def measure(examples: int) -> tuple[Array, Array]:
    """Fit networks of all `WIDTHS` to `examples` digits, with every share of `WRONG` labels.

    Returns
    -------
    errors : ndarray of shape (len(WRONG), len(WIDTHS), 2)
        Shares of wrong answers on training labels and on unseen pictures; means over `DRAWS`.
    scores : ndarray of shape (len(WRONG), len(WIDTHS), 10)
        What the first draw's networks answer to one unseen picture, `shown_digit`.

    Examples
    --------
    >>> measure(50)[0].shape
    (2, 8, 2)
    """
    errors = np.zeros((DRAWS, len(WRONG), len(WIDTHS), 2))
    scores = np.zeros((len(WRONG), len(WIDTHS), 10))
    for draw in range(DRAWS):
        sets = [few_digits(examples, share, rng=np.random.default_rng(draw)) for share in WRONG]
        x, _, x_unseen, y_unseen = sets[0]
        both = np.concatenate([x, x_unseen[:UNSEEN]])
        # One solution for all shares of wrong labels at once: they have the same pictures.
        targets = np.concatenate([np.eye(10)[y] for _, y, _, _ in sets], axis=1)
        for i, width in enumerate(WIDTHS):
            y_predicted, _ = fit_last_layer(x, targets, both, width, np.random.default_rng(draw))
            answers = y_predicted.reshape(len(both), len(WRONG), 10)
            best = answers.argmax(axis=2)
            for j, (_, y, _, _) in enumerate(sets):
                errors[draw, j, i, 0] = np.mean(best[:examples, j] != y)
                errors[draw, j, i, 1] = np.mean(best[examples:, j] != y_unseen[:UNSEEN])
            if draw == 0:
                scores[:, i] = answers[examples]
    return errors.mean(axis=0), scores


def shown_digit(examples: int) -> int:
    """Return the digit in the unseen picture whose scores `draw_descent` shows.

    Examples
    --------
    >>> 0 <= shown_digit(50) <= 9
    True
    """
    return int(few_digits(examples, 0.0, rng=np.random.default_rng(0))[3][0])


def draw_descent(examples: int, wrong_labels: float, width: int) -> Figure:
    """Draw the training error and the unseen error over the width, and one network's scores.

    Parameters
    ----------
    examples : int
        One of `SIZES`.
    wrong_labels : float
        One of `WRONG`.
    width : int
        One of `WIDTHS`; marked in the curves, and the one whose scores are shown.

    Examples
    --------
    >>> draw_descent(50, 0.25, 50).axes[0].get_xlabel()
    'hidden neurons'
    """
    all_errors, all_scores = measure(examples)
    i, j = WIDTHS.index(width), WRONG.index(wrong_labels)
    errors, scores = all_errors[j], all_scores[j, i]
    figure = style.figure(7.6, 3.8)
    left, right = figure.subplots(1, 2, width_ratios=[1.7, 1])
    # Evenly spaced, which is nearly logarithmic, and drawn faster than a logarithmic axis.
    left.axvline(WIDTHS.index(examples), color=style.MUTED, linewidth=1)
    left.plot(errors[:, 0], "o-", color=style.TRAIN, label="training")
    left.plot(errors[:, 1], "s--", color=style.VALIDATION, label="unseen")
    for value, color in zip(errors[i], (style.TRAIN, style.VALIDATION), strict=True):
        left.plot(i, value, "o", markersize=13, color=color, fillstyle="none")
    left.set(ylim=(-0.04, 1), xlabel="hidden neurons", ylabel="wrong answers")
    left.set_xticks(range(len(WIDTHS)), [str(w) for w in WIDTHS])
    left.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    left.legend(loc="upper right")
    left.set_title(f"{examples} examples, {wrong_labels:.0%} labelled wrong")
    digit = shown_digit(examples)
    colors = [style.INK if k == digit else style.MUTED for k in range(10)]
    right.bar(range(10), scores, color=colors)
    right.axhline(0, color=style.INK, linewidth=0.9)
    right.set(xlabel="digit", xticks=range(10), title=f"{width} neurons see a {digit}")
    right.set_ylabel("score")
    return figure


def describe_descent(examples: int, wrong_labels: float, width: int) -> str:
    """Say in words what `draw_descent` shows.

    Examples
    --------
    >>> describe_descent(50, 0.25, 50)[:61]
    '50 examples, 25% labelled wrong, 50 hidden neurons: 0% wrong '
    """
    all_errors, all_scores = measure(examples)
    i, j = WIDTHS.index(width), WRONG.index(wrong_labels)
    (train, unseen), scores = all_errors[j, i], all_scores[j, i]
    worst = int(all_errors[j, :, 1].argmax())
    return (
        f"{examples} examples, {wrong_labels:.0%} labelled wrong, {width} hidden neurons: "
        f"{train:.0%} wrong on training labels, {unseen:.0%} on unseen pictures. Over all widths "
        f"the unseen error is highest, {all_errors[j, worst, 1]:.0%}, at {WIDTHS[worst]}. The "
        f"scores of an unseen {shown_digit(examples)} go from {scores.min():.1f} to "
        f"{scores.max():.1f}; the highest is for {int(scores.argmax())}."
    )
