"""What the layers of a digit reader answer to: edges, then parts, then digits.

Equation: ``share = variance of the ten digits' means / variance of all answers``.
"""

import numpy as np
from numpy.typing import NDArray

from course_lib._checks import Array
from course_lib.architecture import ReLU, Sequential
from course_lib.challenges import MaxPool2D


def feature_maps(model: Sequential, x: Array) -> list[Array]:
    """Return what each ReLU and each pooling of a network answers, in order.

    Examples
    --------
    >>> from course_lib.demos.digit_reader import digit_reader
    >>> model = digit_reader(rng=np.random.default_rng(0))
    >>> [maps.shape[1:] for maps in feature_maps(model, np.ones((1, 1, 8, 8)))]
    [(16, 8, 8), (32, 8, 8), (32, 4, 4), (128,)]
    """
    maps = []
    for layer in model.layers:
        x = layer.forward(x)
        if isinstance(layer, (ReLU, MaxPool2D)):
            maps.append(x)
    return maps


def strongest_patches(x: Array, maps: Array, depth: int, *, count: int) -> Array:
    """Cut out what each filter answers to most strongly: its best place in its best pictures.

    Parameters
    ----------
    x : ndarray of shape (N, 1, H, W)
    maps : ndarray of shape (N, F, H, W)
        Answers of the convolution number `depth`, from 1, with kernels of 3 and padding 1: each
        place sees ``2 * depth + 1`` rows and columns around it.
    depth : int
    count : int
        Patches a filter, from different pictures, the strongest first.

    Returns
    -------
    ndarray of shape (F, count, 2 * depth + 1, 2 * depth + 1)
        With paper where a filter looks beyond the rim.

    Examples
    --------
    >>> x = np.zeros((2, 1, 8, 8))
    >>> x[1, 0, 3, 4] = 5
    >>> strongest_patches(x, x, 1, count=1)[0, 0]
    array([[0., 0., 0.],
           [0., 5., 0.],
           [0., 0., 0.]])
    """
    padded = np.pad(x[:, 0], ((0, 0), (depth, depth), (depth, depth)))
    size, (_, F, _, width) = 2 * depth + 1, maps.shape
    flat = np.asarray(maps).reshape(len(maps), F, -1)
    best, where = flat.max(axis=2), flat.argmax(axis=2)  # (N, F)
    patches = np.empty((F, count, size, size))
    for f in range(F):
        for rank, n in enumerate(np.argsort(-best[:, f], kind="stable")[:count]):
            i, j = divmod(int(where[n, f]), width)
            patches[f, rank] = padded[n, i : i + size, j : j + size]
    return patches


def explained_by_digit(answers: Array, digits: NDArray[np.int64]) -> Array:
    """Return, for each filter, the share of its answers' variance that the digit explains.

    ``share = variance of the ten digits' means / variance of all answers``; 0 for a filter that
    answers to all digits alike, 1 for one that knows nothing but the digit.

    Parameters
    ----------
    answers : ndarray of shape (N, F)
    digits : ndarray of int, shape (N,)

    Returns
    -------
    ndarray of shape (F,)

    Examples
    --------
    >>> answers = np.array([[1.0, 1.0], [1.0, 3.0], [5.0, 1.0], [5.0, 3.0]])
    >>> explained_by_digit(answers, np.array([0, 0, 7, 7]))
    array([1., 0.])
    """
    means = np.empty(answers.shape)
    for digit in np.unique(digits):
        means[digits == digit] = answers[digits == digit].mean(axis=0)
    total = answers.var(axis=0)
    share: Array = means.var(axis=0) / np.where(total > 0, total, 1)
    return share
