"""Two convolutional networks that read digits: one knows roughly where, one only whether.

Equation of the second: ``y[n] = (max of features[n, :, i, j] over all places) @ W + b``.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from course_lib._checks import Array
from course_lib.architecture import Dense, Flatten, ReLU, Sequential
from course_lib.architecture.parameter import Parameter
from course_lib.challenges import Conv2D, Dropout, MaxPool2D, add_noise, shift_images
from course_lib.datasets import load_digits
from course_lib.training import Adam, Epoch, SoftmaxCrossEntropy, split, train

SIDE = 8
FRAME = 12


def digit_split(seed: int) -> tuple[Array, Array, NDArray[np.int64], NDArray[np.int64]]:
    """Split the digits into 1,438 pictures to learn from and 359 that are held out.

    Returns
    -------
    X_train, X_test : ndarray of float32, shape (N, 1, 8, 8)
    y_train, y_test : ndarray of int, shape (N,)

    Examples
    --------
    >>> X_train, X_test, y_train, y_test = digit_split(0)
    >>> X_test.shape
    (359, 1, 8, 8)
    """
    images, digits = load_digits()
    images = images.reshape(-1, 1, SIDE, SIDE).astype(np.float32)
    X_train, X_test, y_train, y_test = split(
        images, digits, test=0.2, rng=np.random.default_rng(seed)
    )
    return X_train, X_test, y_train, y_test


def place(x: Array, down: int, right: int) -> Array:
    """Lay pictures of 8 × 8 on paper of 12 × 12, so many pixels off the middle.

    Parameters
    ----------
    x : ndarray of shape (N, 1, 8, 8)
    down, right : int
        From −2 to 2; no pixel is ever cut off.

    Returns
    -------
    ndarray of shape (N, 1, 12, 12)

    Examples
    --------
    >>> place(np.ones((1, 1, 8, 8)), 2, 0)[0, 0, :, 6]
    array([0., 0., 0., 0., 1., 1., 1., 1., 1., 1., 1., 1.])
    """
    middle = (FRAME - SIDE) // 2
    paper = np.zeros((len(x), 1, FRAME, FRAME), x.dtype)
    rows, columns = (slice(middle + d, middle + d + SIDE) for d in (down, right))
    paper[:, :, rows, columns] = x
    return paper


def digit_reader(*, rng: np.random.Generator) -> Sequential:
    """Build two convolutions, a pooling, and two dense layers that know where each part was seen.

    Examples
    --------
    >>> model = digit_reader(rng=np.random.default_rng(0))
    >>> model.forward(np.ones((5, 1, 8, 8))).shape
    (5, 10)
    """
    return Sequential(
        Conv2D(1, 16, 3, rng=rng, padding=1, dtype=np.float32),
        ReLU(),  # (N, 16, 8, 8): edges
        Conv2D(16, 32, 3, rng=rng, padding=1, dtype=np.float32),
        ReLU(),  # (N, 32, 8, 8): parts
        MaxPool2D(2),  # (N, 32, 4, 4)
        Flatten(),
        Dropout(0.5, rng=rng),
        Dense(32 * 4 * 4, 128, rng=rng, dtype=np.float32),
        ReLU(),
        Dense(128, 10, rng=rng, dtype=np.float32),
    )


def train_reader(seed: int, *, epochs: int = 10) -> tuple[Sequential, list[Epoch]]:
    """Train a `digit_reader` on the training part of ``digit_split(seed)``.

    Each epoch shows every picture twice, once moved by up to one pixel, with a little noise.

    Examples
    --------
    >>> model, records = train_reader(0, epochs=1)
    >>> len(records)
    1
    """
    X_train, _, y_train, _ = digit_split(seed)
    rng = np.random.default_rng(seed)
    model = digit_reader(rng=rng)

    def pictures() -> Array:
        twice = np.concatenate([X_train, shift_images(X_train, 1, rng=rng)])
        return add_noise(twice, 0.1, rng=rng)

    y = np.tile(y_train, 2)
    return model, _train(model, model.parameters(), pictures, y, epochs, 64, 3e-3, rng)


@cache
def trained_reader() -> tuple[Sequential, list[Epoch]]:
    """Train the reader of the chapter, once: seed 0.

    Examples
    --------
    >>> model, records = trained_reader()
    >>> model is trained_reader()[0]
    True
    """
    return train_reader(0)


def anywhere_reader(side: int, *, rng: np.random.Generator) -> Sequential:
    """Build three convolutions, the strongest answer of each filter, and a dense layer.

    With padding ``K - 1`` a kernel visits every place at which it sees any ink.

    Parameters
    ----------
    side : int
        Height and width of the pictures. No weight depends on it.
    rng : numpy.random.Generator

    Examples
    --------
    >>> model = anywhere_reader(12, rng=np.random.default_rng(0))
    >>> model.forward(np.ones((5, 1, 12, 12))).shape
    (5, 10)
    """
    return Sequential(
        Conv2D(1, 8, 3, rng=rng, padding=2, dtype=np.float32),
        ReLU(),  # (N, 8, side + 2, side + 2)
        Conv2D(8, 16, 3, rng=rng, padding=2, dtype=np.float32),
        ReLU(),  # (N, 16, side + 4, side + 4)
        Conv2D(16, 32, 3, rng=rng, padding=2, dtype=np.float32),
        ReLU(),  # (N, 32, side + 6, side + 6)
        MaxPool2D(side + 6),  # (N, 32, 1, 1)
        Flatten(),
        Dense(32, 10, rng=rng, dtype=np.float32),
    )


def train_anywhere_reader(seed: int, *, epochs: int = 8) -> Sequential:
    """Train an `anywhere_reader` on small pictures; return it for paper of 12 × 12.

    The biases of the convolutions are left at 0, so that paper answers 0 to every kernel, inside
    a picture as in its padding.

    Examples
    --------
    >>> train_anywhere_reader(0, epochs=1).forward(np.ones((2, 1, 12, 12))).shape
    (2, 10)
    """
    X_train, _, y_train, _ = digit_split(seed)
    rng = np.random.default_rng(seed)
    model = anywhere_reader(SIDE, rng=rng)
    kernels = [layer.W for layer in model.layers if isinstance(layer, Conv2D)]
    learned = kernels + model.layers[-1].parameters()
    _train(model, learned, lambda: X_train, y_train, epochs, 32, 5e-3, rng)
    on_paper = anywhere_reader(FRAME, rng=rng)
    for there, here in zip(on_paper.parameters(), model.parameters(), strict=True):
        there.value[...] = here.value
    return on_paper


def _train(
    model: Sequential,
    parameters: list[Parameter],
    pictures: Callable[[], Array],
    y: NDArray[np.int64],
    epochs: int,
    batch_size: int,
    lr: float,
    rng: np.random.Generator,
) -> list[Epoch]:
    """Train with steps that get smaller from epoch to epoch, on pictures made anew for each."""
    optimizer, loss_fn = Adam(parameters, lr=lr), SoftmaxCrossEntropy()
    records: list[Epoch] = []
    for epoch in range(epochs):
        optimizer.lr = lr * (1 - epoch / (epochs + 0.5))
        X = pictures()
        records += train(model, loss_fn, optimizer, X, y, epochs=1, batch_size=batch_size, rng=rng)
    return records
