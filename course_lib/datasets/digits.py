"""Handwritten digits: 1,797 small grey images of real handwriting, each with its label.

Equation: ``x = pixels / 16``, so that ink is 1 and paper is 0.
"""

import numpy as np
from numpy.typing import NDArray

from course_lib.datasets._shipped import read_arrays


def load_digits() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Load 8×8 images of handwritten digits and the digits that they show.

    Thirteen people wrote them. Each pixel counts the inked points in a 4×4 block of a 32×32
    scan: ``x = pixels / 16``.

    Returns
    -------
    x : ndarray of float64, shape (1797, 64)
        One image a row, in [0, 1], rows of the image one after another:
        ``x.reshape(-1, 1, 8, 8)`` gives images ``(N, C, H, W)``.
    y : ndarray of int64, shape (1797,)
        The labels 0 … 9, between 174 and 183 of each.

    References
    ----------
    Alpaydin and Kaynak (1998), "Optical Recognition of Handwritten Digits", UCI Machine Learning
    Repository, doi:10.24432/C50P49; the test set. Licence CC BY 4.0.

    Examples
    --------
    >>> x, y = load_digits()
    >>> x.shape, y[:10]
    ((1797, 64), array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]))
    """
    arrays = read_arrays("digits")
    pixels, labels = arrays["pixels"], arrays["labels"]
    x = pixels / 16
    y = labels.astype(np.int64)
    return x, y
