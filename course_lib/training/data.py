"""Examples on their way into training: a part kept aside, equal scales, small random batches.

Equation of standardization: ``x = (X - mean) / std``, with mean and std of the training part alone.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from course_lib._checks import (
    Array,
    as_array,
    check_array,
    check_count,
    check_fraction,
    check_rng,
    describe_shape,
    keep_float32,
)


def check_examples(X: ArrayLike, y: ArrayLike, owner: str) -> tuple[Array, Array]:
    """Return `X` and `y` as finite arrays with one row an example; integers stay integers.

    Parameters
    ----------
    X, y : array_like of shape (N, …)
        Inputs and targets.
    owner : str
        Who asks; appears in the error.

    Raises
    ------
    TypeError
        If one does not hold numbers.
    ValueError
        If one is empty, not finite or a single number, or their lengths differ.

    Examples
    --------
    >>> check_examples([[0.5], [1.0]], [0, 1], "doctest")
    (array([[0.5], [1. ]]), array([0, 1]))
    """
    X, y = _check_rows(X, owner, "X"), _check_rows(y, owner, "y")
    if len(X) != len(y):
        raise ValueError(
            f"{owner} expected X and y of equal length, got {len(X)} rows and {len(y)} targets"
        )
    return X, y


def _check_rows(values: ArrayLike, owner: str, name: str) -> Array:
    array = as_array(values, owner, name)
    dtype = array.dtype if array.dtype.kind in "iub" else keep_float32(array)
    array = check_array(array, owner, name, None, dtype)
    if array.ndim == 0:
        raise ValueError(f"{owner} expected {name} of shape (N, …), got ()")
    return array


def split(
    X: ArrayLike, y: ArrayLike, *, test: float = 0.2, rng: np.random.Generator
) -> tuple[Array, Array, Array, Array]:
    """Part the examples at random into those to learn from and those to be tested on.

    Integer labels of shape (N,) are split class by class (stratified): each class has its share
    of the test part, to within one example.

    Parameters
    ----------
    X, y : array_like of shape (N, …)
        Inputs and targets.
    test : float, optional
        Share of the test part, in (0, 1). It gets ``round(test * N)`` examples.
    rng : numpy.random.Generator
        Where the random numbers come from.

    Returns
    -------
    X_train, X_test, y_train, y_test : ndarray
        Each example is in one part, in random order.

    Raises
    ------
    TypeError, ValueError
        If X and y are no numbers or not equally long, or if a part would be empty.

    Examples
    --------
    >>> X, y = np.arange(10.0).reshape(10, 1), np.array([0] * 8 + [1] * 2)
    >>> X_train, X_test, y_train, y_test = split(X, y, test=0.5, rng=np.random.default_rng(0))
    >>> np.bincount(y_train), np.bincount(y_test)
    (array([4, 1]), array([4, 1]))
    """
    X, y = check_examples(X, y, "split")
    check_rng(rng, "split")
    examples = len(X)
    test_examples = round(check_fraction(test, "split", "test") * examples)
    if not 0 < test_examples < examples:
        raise ValueError(
            f"split expected a test share that leaves both parts an example, "
            f"got test={test} of {examples} examples"
        )
    order = rng.permutation(examples)
    # Every k-th example of a list that is sorted by class is a stratified sample. Within a class
    # the order stays random, because the sort is stable.
    stratify = y.ndim == 1 and y.dtype.kind in "iub"
    by_class = order[np.argsort(y[order], kind="stable")] if stratify else order
    every_kth = (np.arange(test_examples) + rng.random()) * (examples / test_examples)
    in_test = np.zeros(examples, dtype=bool)
    in_test[by_class[every_kth.astype(np.int64)]] = True
    train_rows, test_rows = order[~in_test[order]], order[in_test[order]]
    return X[train_rows], X[test_rows], y[train_rows], y[test_rows]


def batches(
    X: ArrayLike, y: ArrayLike, *, size: int, rng: np.random.Generator
) -> Iterator[tuple[Array, Array]]:
    """Yield the examples in small batches, each example once, in a new random order every call.

    Parameters
    ----------
    X, y : array_like of shape (N, …)
        Inputs and targets.
    size : int
        Examples in a batch; the last batch holds what is left.
    rng : numpy.random.Generator
        Where the random order comes from.

    Yields
    ------
    x, y : ndarray of shape (size, …)

    Raises
    ------
    TypeError, ValueError
        At the call, if X and y are no numbers or not equally long, or if `size` is below 1.

    Examples
    --------
    >>> X, y = np.zeros((10, 3)), np.arange(10)
    >>> [len(x) for x, _ in batches(X, y, size=4, rng=np.random.default_rng(0))]
    [4, 4, 2]
    """
    X, y = check_examples(X, y, "batches")
    size = check_count(size, "batches", "size")
    order = check_rng(rng, "batches").permutation(len(X))
    # A generator expression, so that the checks above run at the call and not at the first batch.
    batch_rows = (order[start : start + size] for start in range(0, len(X), size))
    return ((X.take(rows, axis=0), y.take(rows, axis=0)) for rows in batch_rows)


class Standardizer:
    """Bring each column to mean 0 and standard deviation 1: ``x = (X - mean) / std``.

    Fitted on the training part only: a test part that helps to choose the scale is no longer
    unseen. A column that is constant in training has no scale; it is only shifted to 0.

    Parameters
    ----------
    X_train : array_like of shape (N, …)
        The examples to fit.

    Attributes
    ----------
    mean, std : ndarray of shape (…)
        Mean and standard deviation over the examples, in float64; std is 1 for constant columns.

    References
    ----------
    LeCun, Bottou, Orr and Müller (1998), "Efficient BackProp", section 4.3.

    Examples
    --------
    >>> standardizer = Standardizer([[1.0, 7.0], [3.0, 7.0]])
    >>> standardizer.apply([[1.0, 7.0], [3.0, 7.0], [5.0, 8.0]])
    array([[-1.,  0.], [ 1.,  0.], [ 3.,  1.]])
    """

    def __init__(self, X_train: ArrayLike) -> None:
        X = _check_rows(X_train, "Standardizer", "X_train")
        # The standard deviation of a constant column is often 1e-17 instead of 0, and dividing by
        # it would blow rounding errors up into features; only equal extremes prove a constant.
        is_constant = X.min(axis=0) == X.max(axis=0)
        self.mean: Array = np.where(is_constant, X[0], X.mean(axis=0, dtype=np.float64))
        self.std: Array = np.where(is_constant, 1.0, X.std(axis=0, dtype=np.float64))

    def apply(self, X: ArrayLike) -> Array:
        """Return ``(X - mean) / std``; float32 stays float32, all else becomes float64."""
        dtype = keep_float32(X)
        shape = ("N", *self.mean.shape)
        X = check_array(X, "Standardizer.apply", "X", shape, dtype)
        x: Array = (X - self.mean) / self.std
        return x.astype(dtype, copy=False)

    def __repr__(self) -> str:
        return f"Standardizer{describe_shape(('N', *self.mean.shape))}"
