"""Demos of the chapter on regularization: one network, held back in several ways at any strength.

Equation of a step: ``W += optimizer's change of ∂loss/∂W + ∂penalty/∂W``.
"""

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
from matplotlib.figure import Figure

from course_lib._checks import Array
from course_lib.architecture import Dense, ReLU, Sequential
from course_lib.challenges import L1, L2, Dropout
from course_lib.challenges.regularization import Penalty
from course_lib.demos.overfitting import Labels, few_digits
from course_lib.plotting import style
from course_lib.plotting.boundary import plot_decision_boundary
from course_lib.plotting.matrices import plot_images
from course_lib.training import Adam, SoftmaxCrossEntropy, batches, evaluate

Augment = Callable[[Array, np.random.Generator], Array]

L2_STRENGTHS = (0.0, 0.01, 0.03, 0.1)
L1_STRENGTHS = (0.0, 0.002, 0.008)
DROPOUT_RATES = (0.0, 0.5, 0.8)
SHOWN_NEURONS = 12


def network(rate: float, rng: np.random.Generator) -> Sequential:
    """Draw a network of 64 hidden neurons, with dropout behind them.

    Examples
    --------
    >>> network(0.5, np.random.default_rng(0))
    Sequential(Dense(64, 64), ReLU(), Dropout(0.5), Dense(64, 10))
    """
    return Sequential(
        Dense(64, 64, rng=rng, dtype=np.float32),
        ReLU(),
        Dropout(rate, rng=rng),
        Dense(64, 10, rng=rng, dtype=np.float32),
    )


def fit(
    x: Array,
    y: Labels,
    *,
    penalties: Sequence[Penalty] = (),
    rate: float = 0.0,
    augment: Augment | None = None,
    epochs: int = 100,
) -> Sequential:
    """Train a network, held back by penalties, by dropout, or by data that change every epoch.

    Parameters
    ----------
    x : ndarray of shape (N, 64)
    y : ndarray of shape (N,)
    penalties : sequence of Penalty, optional
        Their gradients are added to that of the loss.
    rate : float, optional
        Share of hidden neurons that dropout silences, in [0, 1).
    augment : callable, optional
        ``augment(x, rng)`` returns the training data of one epoch, of the shape of x.
    epochs : int, optional

    Returns
    -------
    Sequential

    Examples
    --------
    >>> x, y = np.eye(64)[:10], np.arange(10)
    >>> model = fit(x, y, penalties=[L2(1e-3)], epochs=50)
    >>> model.forward(x).argmax(axis=1)
    array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    """
    rng = np.random.default_rng(0)
    x = x.astype(np.float32)
    model, loss_fn = network(rate, rng), SoftmaxCrossEntropy()
    parameters = model.parameters()
    optimizer = Adam(parameters, lr=5e-3)
    for _ in range(epochs):
        x_epoch = x if augment is None else augment(x, rng)
        for x_batch, target in batches(x_epoch, y, size=50, rng=rng):
            loss_fn.forward(model.forward(x_batch, train=True), target)
            model.zero_grad()
            model.backward(loss_fn.backward())
            for penalty in penalties:
                penalty.add_gradients(parameters)
            optimizer.step()
    return model


@cache
def clerks_digits() -> tuple[Array, Labels, Labels, Array, Labels]:
    """Return the chapter's data: 200 digits, a quarter of them labelled wrong.

    Returns
    -------
    x : ndarray of shape (200, 64)
    y : ndarray of shape (200,)
        The clerk's labels.
    y_right : ndarray of shape (200,)
        What the writers meant.
    x_unseen : ndarray of shape (1597, 64)
    y_unseen : ndarray of shape (1597,)
        Right labels.

    Examples
    --------
    >>> x, y, y_right, *_ = clerks_digits()
    >>> int((y != y_right).sum())
    50
    """
    x, y, x_unseen, y_unseen = few_digits(200, 0.25, rng=np.random.default_rng(0))
    y_right = few_digits(200, 0.0, rng=np.random.default_rng(0))[1]
    arrays = (x, y, y_right, x_unseen, y_unseen)
    for array in arrays:
        array.flags.writeable = False  # they are shared between calls
    return arrays


@cache
def _trained(l2: float, l1: float, rate: float) -> tuple[Sequential, float, float, int]:
    """Return a network, its accuracy on the clerk's labels and unseen, and the slips it mends."""
    x, y, y_right, x_unseen, y_unseen = clerks_digits()
    penalties = [*([L2(l2)] if l2 else []), *([L1(l1)] if l1 else [])]
    model, loss_fn = fit(x, y, penalties=penalties, rate=rate), SoftmaxCrossEntropy()
    training, unseen = (
        evaluate(model, loss_fn, *pair)[1] for pair in [(x, y), (x_unseen, y_unseen)]
    )
    assert training is not None  # digits have labels
    assert unseen is not None
    slips = y != y_right
    mended = np.count_nonzero(model.forward(x[slips]).argmax(axis=1) == y_right[slips])
    return model, training, unseen, int(mended)


@cache
def _plane() -> tuple[Array, Array, Array, list[int]]:
    """Choose the plane through three training pictures; the first of them has a wrong label.

    Returns the first picture, two orthonormal directions (2, 64), the coordinates (3, 2) of the
    three pictures, and their row numbers.
    """
    x, y, y_right, *_ = clerks_digits()
    slip = int(np.flatnonzero(y != y_right)[0])
    fine = np.flatnonzero(y == y_right)
    # The nearest right-labelled picture of the digit that it is, and of the one it is called.
    distance = np.linalg.norm(x[fine] - x[slip], axis=1)
    rows = [slip]
    for digit in (y_right[slip], y[slip]):
        rows.append(int(fine[np.where(y[fine] == digit, distance, np.inf).argmin()]))
    Q, _ = np.linalg.qr((x[rows[1:]] - x[slip]).T)
    directions = Q.T
    return x[slip], directions, (x[rows] - x[slip]) @ directions.T, rows


def draw_strengths(l2: float, l1: float, dropout: float) -> Figure:
    """Draw a plane of pictures by what the network answers there, and some of its weights.

    Parameters
    ----------
    l2 : float
        One of `L2_STRENGTHS`.
    l1 : float
        One of `L1_STRENGTHS`.
    dropout : float
        One of `DROPOUT_RATES`.

    Examples
    --------
    >>> len(draw_strengths(0.0, 0.0, 0.0).axes)
    2
    """
    model, _, unseen, _ = _trained(l2, l1, dropout)
    origin, directions, points, rows = _plane()
    _, y, y_right, *_ = clerks_digits()
    figure = style.figure(7.6, 3.9)
    left, right = figure.subplots(1, 2, width_ratios=[1, 1.25])
    low, high = points.min(axis=0) - 1.2, points.max(axis=0) + 1.2

    def answers(at: Array) -> Labels:
        labels: Labels = model.forward(origin + at @ directions).argmax(axis=1)
        return labels

    limits = {"xlim": (low[0], high[0]), "ylim": (low[1], high[1])}
    plot_decision_boundary(left, answers, **limits, resolution=80)
    at = np.stack(np.meshgrid(*np.linspace(low, high, 20)[1:-1].T), axis=-1).reshape(-1, 2)
    at = at[np.linalg.norm(at[:, None] - points, axis=2).min(axis=1) > 1]  # clear of the three
    labels = answers(at)
    for digit in np.unique(labels):
        region = at[labels == digit]
        if len(region) > 5:
            # Inside the region even where it is bent: at the point nearest to the mean.
            middle = region[np.linalg.norm(region - region.mean(axis=0), axis=1).argmin()]
            left.text(*middle, str(digit), color=style.MUTED, fontsize=16, ha="center", va="center")
    for (across, up), row in zip(points, rows, strict=True):
        left.plot(across, up, "o", color=style.INK, markersize=5)
        said = f"a {y_right[row]}" + ("" if y[row] == y_right[row] else f", called {y[row]}")
        left.annotate(said, (across, up), xytext=(0, 7), textcoords="offset points", ha="center")
    left.set(xticks=[], yticks=[], title=f"unseen: {unseen:.0%} right")
    weights = model.layers[0].parameters()[0].value[:, :SHOWN_NEURONS]
    # One scale for all strengths, so that weights are seen to shrink.
    plot_images(right, weights.T.reshape(-1, 8, 8), columns=4, signed=True, limit=0.6)
    right.set_title(f"weights of {SHOWN_NEURONS} hidden neurons")
    return figure


def describe_strengths(l2: float, l1: float, dropout: float) -> str:
    """Say in words what `draw_strengths` shows.

    Examples
    --------
    >>> describe_strengths(0.0, 0.0, 0.0)[:43]
    'L2 0, L1 0, dropout 0: 100% of the training'
    """
    model, training, unseen, mended = _trained(l2, l1, dropout)
    origin, _, _, rows = _plane()
    _, y, y_right, *_ = clerks_digits()
    slip = rows[0]
    answer = int(model.forward(origin[None]).argmax())
    W = model.layers[0].parameters()[0].value
    return (
        f"L2 {l2:g}, L1 {l1:g}, dropout {dropout:g}: {training:.0%} of the training labels are "
        f"answered, {unseen:.0%} of unseen digits are right. The {y_right[slip]} that the clerk "
        f"called {y[slip]} is answered {answer}; of 50 slips {mended} are mended. Length of the "
        f"first weights {np.linalg.norm(W):.1f}; {np.mean(np.abs(W) < 0.01):.0%} are below 0.01."
    )
