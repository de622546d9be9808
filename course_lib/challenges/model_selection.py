"""How good is a model on data that it has not seen? Hold some back, fit on the rest, and measure.

Equation of k-fold cross-validation: ``score = mean_i score(fit on all folds but i, fold i)``.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_lib._checks import Array, check_count, check_rng
from course_lib.training.data import check_examples

Indices = NDArray[np.int64]
Score = float | Sequence[float] | Array
FitAndScore = Callable[[Array, Array, Array, Array, np.random.Generator], Score]
"""``fit_and_score(X_train, y_train, X_validation, y_validation, rng)`` trains a new model and
returns one number, or several such as the errors on both sets."""


def k_fold(n: int, k: int, *, rng: np.random.Generator) -> list[tuple[Indices, Indices]]:
    """Split `n` rows at random into `k` folds, each of which is the validation set once.

    Parameters
    ----------
    n : int
        Number of rows.
    k : int
        Number of folds, from 2 to n. With k = n each fold is one row (leave-one-out).
    rng : numpy.random.Generator
        Shuffles the rows.

    Returns
    -------
    list of k pairs (train, validation)
        Row numbers. Each row is in exactly one validation fold and in the other k − 1 training
        sets; the folds' sizes differ by at most 1.

    Raises
    ------
    TypeError, ValueError
        Unless n and k are whole numbers with 2 ≤ k ≤ n.

    References
    ----------
    Hastie, Tibshirani and Friedman (2009), *The Elements of Statistical Learning*, section 7.10.

    Examples
    --------
    >>> folds = k_fold(7, 3, rng=np.random.default_rng(0))
    >>> [(len(train), len(validation)) for train, validation in folds]
    [(4, 3), (5, 2), (5, 2)]
    """
    n = check_count(n, "k_fold", "n", least=2)
    k = check_count(k, "k_fold", "k", least=2)
    if k > n:
        raise ValueError(f"k_fold expected k of at most n = {n}, got {k}")
    order = check_rng(rng, "k_fold").permutation(n)
    folds = np.array_split(order, k)
    return [(np.concatenate(folds[:i] + folds[i + 1 :]), folds[i]) for i in range(k)]


def cross_validate(
    fit_and_score: FitAndScore,
    X: ArrayLike,
    y: ArrayLike,
    k: int,
    *,
    rng: np.random.Generator,
) -> Array:
    """Fit `k` models, each on all folds but one, and score each on the fold that it didn't see.

    Parameters
    ----------
    fit_and_score : callable
        ``fit_and_score(X_train, y_train, X_validation, y_validation, rng)`` trains a new model
        and returns a number, or a sequence of numbers.
    X : array_like of shape (N, …)
    y : array_like of shape (N, …)
    k : int
        Number of folds, from 2 to N.
    rng : numpy.random.Generator
        Splits the rows, and spawns one generator a fold for `fit_and_score`.

    Returns
    -------
    ndarray of shape (k,), or (k, S) for S scores each

    Raises
    ------
    ValueError, TypeError
        If X and y differ in length or k is not from 2 to N.

    Examples
    --------
    >>> def error_of_the_mean(X_train, y_train, X_validation, y_validation, rng):
    ...     return np.mean((y_validation - y_train.mean()) ** 2)
    >>> X, y = np.zeros((6, 1)), np.array([1.0, 1.0, 1.0, 3.0, 3.0, 3.0])
    >>> cross_validate(error_of_the_mean, X, y, 3, rng=np.random.default_rng(0)).shape
    (3,)
    """
    X, y = check_examples(X, y, "cross_validate")
    folds = k_fold(len(X), k, rng=rng)
    scores = [
        fit_and_score(X[train], y[train], X[validation], y[validation], fold_rng)
        for (train, validation), fold_rng in zip(folds, rng.spawn(k), strict=True)
    ]
    return np.array(scores, dtype=np.float64)


def learning_curve(
    fit_and_score: FitAndScore,
    X: ArrayLike,
    y: ArrayLike,
    sizes: Iterable[int],
    *,
    k: int = 5,
    rng: np.random.Generator,
) -> Array:
    """Cross-validate with ever more training rows, to see whether more data would help.

    In each fold, the smaller training sets are the first rows of the larger ones, so that
    neighbouring points of the curve differ by the added rows alone.

    Parameters
    ----------
    fit_and_score, X, y, k, rng
        As for `cross_validate`.
    sizes : iterable of int
        Numbers of training rows, from 1 to N − ceil(N / k).

    Returns
    -------
    ndarray of shape (len(sizes), k), or (len(sizes), k, S) for S scores each

    Raises
    ------
    ValueError, TypeError
        As for `cross_validate`, or if a size is out of range.

    Examples
    --------
    >>> def sizes_of_both(X_train, y_train, X_validation, y_validation, rng):
    ...     return len(X_train), len(X_validation)
    >>> X, y = np.zeros((10, 1)), np.zeros(10)
    >>> rng = np.random.default_rng(0)
    >>> learning_curve(sizes_of_both, X, y, [2, 8], k=5, rng=rng)[:, 0]
    array([[2., 2.],
           [8., 2.]])
    """
    X, y = check_examples(X, y, "learning_curve")
    sizes = [check_count(size, "learning_curve", "sizes") for size in sizes]
    if not sizes:
        raise ValueError("learning_curve expected at least one size, got none")
    folds = k_fold(len(X), k, rng=rng)
    most = min(len(train) for train, _ in folds)
    if max(sizes) > most:
        raise ValueError(
            f"learning_curve expected sizes of at most {most}, which is what {k} folds of "
            f"{len(X)} rows leave for training, got {max(sizes)}"
        )
    scores = [
        [
            fit_and_score(X[train[:size]], y[train[:size]], X[held_out], y[held_out], fit_rng)
            for (train, held_out), fit_rng in zip(folds, rng.spawn(k), strict=True)
        ]
        for size in sizes
    ]
    return np.array(scores, dtype=np.float64)
