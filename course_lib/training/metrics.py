"""Metrics count right and wrong answers, for people to read; losses are for descent.

Equation: ``accuracy = right answers / all answers``; a confusion matrix says which went where.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_lib._checks import Array, as_array, check_count, check_labels


def _check_pair(
    predicted: ArrayLike, y: ArrayLike, owner: str, classes: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    size = as_array(y, owner, "y").size
    y = check_labels(y, owner, "y", size, classes)
    return check_labels(predicted, owner, "predicted", size, classes), y


def accuracy(predicted: ArrayLike, y: ArrayLike) -> float:
    """Return the share of labels that were predicted right, in [0, 1].

    Parameters
    ----------
    predicted, y : array_like of int, of shape (N,)
        Predicted and true labels, at least 0. (Scores are not labels: take ``argmax`` first.)

    Raises
    ------
    TypeError
        If labels are no integers.
    ValueError
        If the shapes differ, or there are no labels.

    Examples
    --------
    >>> accuracy([0, 1, 2, 2], [0, 1, 1, 2])
    0.75
    """
    predicted, y = _check_pair(predicted, y, "accuracy", np.iinfo(np.int64).max)
    return float((predicted == y).mean())


def confusion_matrix(predicted: ArrayLike, y: ArrayLike, classes: int) -> NDArray[np.int64]:
    """Count the examples of each true class (row) that were given each label (column).

    Parameters
    ----------
    predicted, y : array_like of int, of shape (N,)
        Predicted and true labels, 0 … `classes` − 1.
    classes : int
        Number K of classes.

    Returns
    -------
    ndarray of int, of shape (K, K)
        Right answers are on the diagonal; row sums count the examples of a class.

    Raises
    ------
    TypeError, ValueError
        If labels are no integers, out of range, or not equally many.

    Examples
    --------
    >>> confusion_matrix([0, 1, 1, 1], [0, 0, 1, 1], classes=2)
    array([[1, 1],
           [0, 2]])
    """
    classes = check_count(classes, "confusion_matrix", "classes")
    predicted, y = _check_pair(predicted, y, "confusion_matrix", classes)
    return np.bincount(classes * y + predicted, minlength=classes**2).reshape(classes, classes)


def precision(predicted: ArrayLike, y: ArrayLike, classes: int) -> Array:
    """Return for each class how often its label was right when it was given.

    ``precision = true positives / predicted positives``

    Parameters
    ----------
    predicted, y, classes
        As in `confusion_matrix`.

    Returns
    -------
    ndarray of shape (K,)
        In [0, 1]; NaN for a class that was never predicted: 0 / 0 is undefined, and neither 0
        nor 1 would be true. ``np.nanmean`` averages the others.

    Examples
    --------
    >>> precision([0, 1, 1, 1], [0, 0, 1, 1], classes=3).round(3)
    array([1.   , 0.667,   nan])
    """
    confusion = confusion_matrix(predicted, y, classes)
    return _ratio(confusion.diagonal(), confusion.sum(axis=0))


def recall(predicted: ArrayLike, y: ArrayLike, classes: int) -> Array:
    """Return for each class how many of its examples were found.

    ``recall = true positives / actual positives``

    Parameters
    ----------
    predicted, y, classes
        As in `confusion_matrix`.

    Returns
    -------
    ndarray of shape (K,)
        In [0, 1]; NaN for a class without examples.

    Examples
    --------
    >>> recall([0, 1, 1, 1], [0, 0, 1, 1], classes=3)
    array([0.5, 1. , nan])
    """
    confusion = confusion_matrix(predicted, y, classes)
    return _ratio(confusion.diagonal(), confusion.sum(axis=1))


def _ratio(part: Array, whole: Array) -> Array:
    undefined = np.full(len(whole), np.nan)
    ratio: Array = np.divide(part, whole, out=undefined, where=whole > 0)
    return ratio
