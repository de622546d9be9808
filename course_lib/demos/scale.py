"""Study of the chapter on scale: more digits against more neurons, by the error on unseen ones.

Equation of a straight curve on log axes: ``error = a * n**-beta``, with n training pictures.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from course_lib._checks import Array
from course_lib.architecture import Dense, ReLU, Sequential
from course_lib.challenges import learning_curve
from course_lib.datasets import load_digits
from course_lib.plotting import style
from course_lib.training import Adam, SoftmaxCrossEntropy, evaluate, train

SIZES = (18, 37, 75, 150, 300, 599, 1198)
WIDTHS = (2, 4, 8, 32, 128)
FOLDS = 3
BATCH = 32
STEPS = 300  # for every network, so that few pictures don't mean little training


def error_of_a_network(
    width: int,
    X_train: Array,
    y_train: NDArray[np.int64],
    X_unseen: Array,
    y_unseen: NDArray[np.int64],
    rng: np.random.Generator,
) -> float:
    """Train a network with one hidden layer, and return its share of wrong answers elsewhere.

    Parameters
    ----------
    width : int
        Neurons in the hidden layer.
    X_train, y_train, X_unseen, y_unseen : ndarray
        Pictures (N, 64) and their labels.
    rng : numpy.random.Generator

    Returns
    -------
    float
        Between 0 and 1.

    Examples
    --------
    >>> X, y = load_digits()
    >>> rng = np.random.default_rng(0)
    >>> 0.0 < error_of_a_network(8, X[:100], y[:100], X[100:], y[100:], rng) < 0.5
    True
    """
    mean = X_train.mean(axis=0)
    model = Sequential(
        Dense(64, width, rng=rng, dtype=np.float32),
        ReLU(),
        Dense(width, 10, rng=rng, dtype=np.float32),
    )
    loss_fn = SoftmaxCrossEntropy()
    optimizer = Adam(model.parameters(), lr=0.01)
    epochs = max(1, round(STEPS * BATCH / len(X_train)))
    x, x_unseen = ((X - mean).astype(np.float32) for X in (X_train, X_unseen))
    for _ in train(
        model,
        loss_fn,
        optimizer,
        x,
        y_train,
        epochs=epochs,
        batch_size=BATCH,
        rng=rng,
    ):
        pass
    _, accuracy = evaluate(model, loss_fn, x_unseen, y_unseen)
    return 1.0 if accuracy is None else 1 - accuracy


@cache
def errors(width: int) -> Array:
    """Return the error for each of `SIZES`, a mean over folds in which each digit is unseen once.

    Examples
    --------
    >>> errors(2).shape
    (7,)
    """

    def fit_and_score(*data_and_rng: Any) -> float:
        return error_of_a_network(width, *data_and_rng)

    rng = np.random.default_rng(width)
    scores = learning_curve(fit_and_score, *load_digits(), SIZES, k=FOLDS, rng=rng)
    mean: Array = scores.mean(axis=1)
    mean.flags.writeable = False  # it is shared between calls
    return mean


def parameter_count(width: int) -> int:
    """Return the number of weights and biases of a network of `error_of_a_network`.

    Examples
    --------
    >>> parameter_count(2)
    160
    """
    return 64 * width + width + width * 10 + 10


def log_axes(ax: Axes, sizes: Sequence[int] = SIZES, *, lowest: float = 1.0) -> None:
    """Give an Axes of errors in percent over training pictures logarithmic scales.

    Examples
    --------
    >>> ax = Figure().subplots()
    >>> log_axes(ax)
    >>> ax.get_xscale(), ax.get_yscale()
    ('log', 'log')
    """
    ticks = [tick for tick in (1, 2, 5, 10, 20, 50, 100) if tick >= lowest]
    ax.set(xscale="log", yscale="log", xlabel="training pictures", ylim=(lowest, 105))
    ax.set_xticks(sizes, [f"{size:,}" for size in sizes])
    ax.set_yticks(ticks, [str(tick) for tick in ticks])
    ax.minorticks_off()


def draw_scale(pictures: int, neurons: int) -> Figure:
    """Draw the errors of all networks by data size and by model size, with one of each chosen.

    Parameters
    ----------
    pictures : int
        One of `SIZES`.
    neurons : int
        One of `WIDTHS`.

    Examples
    --------
    >>> [ax.get_xlabel() for ax in draw_scale(150, 8).axes]
    ['training pictures', 'weights and biases']
    """
    figure = style.figure(7.6, 4.0)
    by_data, by_model = figure.subplots(1, 2, sharey=True)
    place = SIZES.index(pictures)
    for width in WIDTHS:
        if width != neurons:
            by_data.plot(SIZES, 100 * errors(width), color=style.MUTED, lw=1, alpha=0.6)
    for size in range(len(SIZES)):
        if size != place:
            some = [100 * errors(width)[size] for width in WIDTHS]
            by_model.plot(
                [parameter_count(width) for width in WIDTHS],
                some,
                color=style.MUTED,
                lw=1,
                alpha=0.6,
            )
    chosen = 100 * errors(neurons)
    by_data.plot(SIZES, chosen, "o-", color=style.POSITIVE)
    by_data.set_title(f"{neurons} hidden neurons")
    by_data.set_ylabel("wrong answers on unseen pictures (%)")
    by_model.plot(
        [parameter_count(width) for width in WIDTHS],
        [100 * errors(width)[place] for width in WIDTHS],
        "s-",
        color=style.POSITIVE,
    )
    by_model.set_title(f"{pictures} training pictures")
    for ax, x in ((by_data, pictures), (by_model, parameter_count(neurons))):
        ax.plot(x, chosen[place], "D", color=style.NEGATIVE, markersize=11, zorder=3)
    counts = [parameter_count(width) for width in WIDTHS]
    log_axes(by_data)
    log_axes(by_model, counts)
    for ax in (by_data, by_model):
        ax.tick_params("x", rotation=30)
    by_model.set_xlabel("weights and biases")
    figure.suptitle(f"{chosen[place]:.1f}% wrong", x=0.02, ha="left", fontsize=13)
    return figure


def describe_scale(pictures: int, neurons: int) -> str:
    """Say in words what `draw_scale` shows.

    Examples
    --------
    >>> describe_scale(150, 8)[:52]
    '8 hidden neurons and 150 training pictures give an e'
    """
    place = SIZES.index(pictures)
    chosen = errors(neurons)
    by_model = [errors(width)[place] for width in WIDTHS]
    return (
        f"{neurons} hidden neurons and {pictures} training pictures give an error of "
        f"{chosen[place]:.1%}. With {neurons} neurons and more and more pictures, from "
        f"{SIZES[0]} to {SIZES[-1]}: {', '.join(f'{error:.1%}' for error in chosen)}. "
        f"With {pictures} pictures and more and more neurons, from {WIDTHS[0]} to {WIDTHS[-1]}: "
        f"{', '.join(f'{error:.1%}' for error in by_model)}."
    )
