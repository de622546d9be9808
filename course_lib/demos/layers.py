"""Demo of the chapter on layers: change a network that reads digits; a picture passes through it.

Equation of its size: ``parameters = sum of (D_in * D_out + D_out)`` over its layers.
"""

from collections.abc import Sequence
from functools import cache
from itertools import pairwise

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from course_lib._checks import Array
from course_lib.architecture import Dense, Layer, ReLU, Sequential, count_parameters
from course_lib.datasets import load_digits
from course_lib.plotting import style
from course_lib.plotting.matrices import plot_image
from course_lib.plotting.network import plot_network
from course_lib.training import Adam, SoftmaxCrossEntropy, split, train

PIXELS, DIGITS = 64, 10
SHOWN = 10  # places in a column: all ten outputs, and the first and last of wider layers


def fully_connected(widths: Sequence[int], rng: np.random.Generator) -> Sequential:
    """Make a network of dense layers with a ReLU between each two, and none at the end.

    Examples
    --------
    >>> fully_connected([64, 32, 10], np.random.default_rng(0))
    Sequential(Dense(64, 32), ReLU(), Dense(32, 10))
    """
    layers: list[Layer] = []
    for inputs, outputs in pairwise(widths):
        layers += [Dense(inputs, outputs, rng=rng), ReLU()]
    return Sequential(*layers[:-1])


@cache
def examples() -> tuple[Array, Array, Array, Array]:
    """Part the digits: three quarters to learn from, a quarter to be asked about.

    Returns
    -------
    x_train, x_test, y_train, y_test : ndarray, read-only
        Pictures of shape (N, 64) and their digits of shape (N,).

    Examples
    --------
    >>> [part.shape for part in examples()]
    [(1348, 64), (449, 64), (1348,), (449,)]
    """
    parts = split(*load_digits(), test=0.25, rng=np.random.default_rng(0))
    for part in parts:
        part.flags.writeable = False  # they are shared between calls
    return parts


@cache
def digit_reader(*hidden: int) -> Sequential:
    """Train a network to read digits; `hidden` holds the widths of its hidden layers.

    Examples
    --------
    >>> digit_reader(4)
    Sequential(Dense(64, 4), ReLU(), Dense(4, 10))
    """
    x_train, _, y_train, _ = examples()
    rng = np.random.default_rng(0)
    model = fully_connected([PIXELS, *hidden, DIGITS], rng)
    optimizer = Adam(model.parameters(), lr=0.01)
    loss_fn = SoftmaxCrossEntropy()
    for _ in train(model, loss_fn, optimizer, x_train, y_train, epochs=15, batch_size=32, rng=rng):
        pass
    return model


def share_read(model: Layer) -> float:
    """Return the share of unseen digits whose own output is the largest of the ten.

    Examples
    --------
    >>> share_read(digit_reader()) > 0.9
    True
    """
    _, x_test, _, y_test = examples()
    read: NDArray[np.int64] = model.forward(x_test).argmax(axis=1)
    return float((read == y_test).mean())


def picture_of(digit: int) -> Array:
    """Return the first unseen picture of a digit, shape (64,).

    Examples
    --------
    >>> picture_of(3).shape
    (64,)
    """
    _, x_test, _, y_test = examples()
    picture: Array = x_test[np.flatnonzero(y_test == digit)[0]]
    return picture


def trace(model: Sequential, x: Array) -> list[Array]:
    """Return the input and what each layer of neurons answers, after its ReLU where it has one.

    Examples
    --------
    >>> [values.shape for values in trace(digit_reader(4), picture_of(3))]
    [(64,), (4,), (10,)]
    """
    values = [x]
    y = x[np.newaxis]  # (1, 64)
    for layer in model:
        y = layer.forward(y)
        if isinstance(layer, Dense):
            values.append(y[0])
        else:
            values[-1] = y[0]  # the ReLU belongs to the neurons before it
    return values


def _network(hidden_layers: int, width: int) -> tuple[Sequential, list[Dense]]:
    model = digit_reader(*[width] * hidden_layers)
    return model, [layer for layer in model if isinstance(layer, Dense)]


def draw_reader(hidden_layers: int, width: int, digit: str) -> Figure:
    """Draw a network that reads digits: values, shapes, numbers of parameters, and its answer.

    Parameters
    ----------
    hidden_layers, width : int
        How many hidden layers, and how many neurons in each.
    digit : str
        Which picture to read, "0" to "9".

    Examples
    --------
    >>> draw_reader(1, 4, "3").axes[0].get_title(loc="left")
    'a 3'
    """
    model, layers = _network(hidden_layers, width)
    values = trace(model, picture_of(int(digit)))
    figure = style.figure(7.6, 5.2)
    figure.set_layout_engine("none")  # fixed places: nothing jumps between frames
    left, ax = figure.add_axes((0.01, 0.36, 0.15, 0.24)), figure.add_axes((0.17, 0.0, 0.83, 0.94))
    plot_image(left, values[0].reshape(8, 8))
    left.set_title(f"a {digit}")
    names = ["input", *["hidden"] * hidden_layers, "output"]
    titles = [f"{name}\n(N, {len(row)})" for name, row in zip(names, values, strict=True)]
    plot_network(ax, [layer.W.value for layer in layers], values=values, names=titles, most=SHOWN)
    for i, layer in enumerate(layers):
        count = f"{count_parameters(layer.parameters()):,}"
        ax.text(i + 0.5, -6.2, f"{count}\nparameters", ha="center", va="top")
    answer = int(values[-1].argmax())
    for i in range(DIGITS):
        ax.text(
            len(layers) * 1.07,
            SHOWN / 2 - 0.5 - i,
            f"{i}",
            ha="left",
            va="center",
            fontweight="bold" if i == answer else "normal",
            color=style.INK if i == answer else style.MUTED,
        )
    ax.set(xlim=(-0.12 * len(layers), len(layers) * 1.12), ylim=(-7.3, 6.6))
    total = f"{count_parameters(model.parameters()):,} parameters"
    share = f"{share_read(model):.0%} of unseen digits read right"
    figure.suptitle(f"{total}; this {digit} is read as {answer}; {share}", y=0.98, fontsize=12)
    return figure


def describe_reader(hidden_layers: int, width: int, digit: str) -> str:
    """Say in words what `draw_reader` shows.

    Examples
    --------
    >>> describe_reader(1, 32, "3")[:67]
    'A picture of a 3 enters a network of 64, 32 and 10 neurons: 2,080 +'
    """
    model, layers = _network(hidden_layers, width)
    values = trace(model, picture_of(int(digit)))
    *first, last = [str(len(row)) for row in values]
    counts = [f"{count_parameters(layer.parameters()):,}" for layer in layers]
    total = f"{count_parameters(model.parameters()):,} parameters"
    size = total if len(counts) == 1 else f"{' + '.join(counts)} = {total}"
    silent = [int((row == 0).sum()) for row in values[1:-1]]
    quiet = "".join(
        f" Hidden layer {i}: {count} of {width} neurons answer 0."
        for i, count in enumerate(silent, start=1)
    )
    answer = int(values[-1].argmax())
    return (
        f"A picture of a {digit} enters a network of {', '.join(first)} and {last} neurons: {size}."
        f"{quiet} The largest output, {values[-1][answer]:.2f}, is that of the {answer}. "
        f"The network reads {share_read(model):.0%} of the unseen digits right."
    )
