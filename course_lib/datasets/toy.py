"""Toy data in the plane: small problems whose shape the eye can check.

Equation: ``x = curve(t) + noise * e``, where e is drawn from a standard normal distribution.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_lib._checks import Array, check_array, check_count, check_not_negative, check_rng

Labelled = tuple[NDArray[np.float64], NDArray[np.int64]]


def moons(n: int, *, noise: float = 0.1, rng: np.random.Generator) -> Labelled:
    """Draw two interleaved half circles.

    Class 0 lies on ``(cos(t), sin(t))``, class 1 on ``(1 - cos(t), 0.5 - sin(t))``, with t
    uniform in [0, π).

    Parameters
    ----------
    n : int
        Number of points, at least 1.
    noise : float, optional
        Standard deviation of the normal noise that is added to both coordinates, at least 0.
    rng : numpy.random.Generator
        Where the random numbers come from.

    Returns
    -------
    x : ndarray of float64, shape (n, 2)
    y : ndarray of int64, shape (n,)
        Class of each point, in random order; class sizes differ by at most 1.

    Raises
    ------
    ValueError, TypeError
        If `n` is not a whole number of at least 1, `noise` is negative or not finite, or `rng` is
        not a Generator.

    Examples
    --------
    >>> x, y = moons(200, rng=np.random.default_rng(0))
    >>> x.shape, np.bincount(y)
    ((200, 2), array([100, 100]))
    """
    y = _classes(n, 2, noise, rng, "moons")
    t = rng.uniform(0, np.pi, n)
    upper = np.column_stack([np.cos(t), np.sin(t)])
    lower = np.column_stack([1 - np.cos(t), 0.5 - np.sin(t)])
    x = np.where(y[:, None] == 0, upper, lower)
    return x + noise * rng.standard_normal((n, 2)), y


def circles(n: int, *, noise: float = 0.1, rng: np.random.Generator) -> Labelled:
    """Draw two circles around the origin: class 0 of radius 1, class 1 of radius 0.5.

    Parameters, result and errors are those of `moons`.

    Examples
    --------
    >>> x, y = circles(4, noise=0.0, rng=np.random.default_rng(0))
    >>> np.hypot(*x[y == 1].T)
    array([0.5, 0.5])
    """
    y = _classes(n, 2, noise, rng, "circles")
    t = rng.uniform(0, 2 * np.pi, n)
    radius = np.where(y == 0, 1.0, 0.5)
    x = np.column_stack([radius * np.cos(t), radius * np.sin(t)])
    return x + noise * rng.standard_normal((n, 2)), y


def spirals(n: int, *, classes: int = 2, noise: float = 0.02, rng: np.random.Generator) -> Labelled:
    """Draw interleaved spiral arms, one a class, each turning once around the origin.

    Class k lies at radius r, uniform in [0.1, 1), and angle ``2 * π * (r + k / classes)``.

    Parameters
    ----------
    n, noise, rng
        Those of `moons`.
    classes : int, optional
        Number of arms, at least 2.

    Returns
    -------
    x, y : ndarray
        Those of `moons`, y in 0 … `classes` − 1.

    Raises
    ------
    ValueError, TypeError
        Those of `moons`; and if `classes` is not a whole number of at least 2.

    Examples
    --------
    >>> x, y = spirals(300, classes=3, rng=np.random.default_rng(0))
    >>> np.bincount(y)
    array([100, 100, 100])
    """
    classes = check_count(classes, "spirals", "classes", 2)
    k = _classes(n, classes, noise, rng, "spirals")
    r = rng.uniform(0.1, 1, n)
    angle = 2 * np.pi * (r + k / classes)
    x = np.column_stack([r * np.cos(angle), r * np.sin(angle)])
    return x + noise * rng.standard_normal((n, 2)), k


def blobs(
    n: int, *, centers: int | ArrayLike = 3, noise: float = 0.5, rng: np.random.Generator
) -> Labelled:
    """Draw round clouds of points, one a class: ``x = centers[y] + noise * e``.

    Parameters
    ----------
    n, noise, rng
        Those of `moons`.
    centers : int or array_like of shape (K, 2), optional
        The middle of each cloud. A whole number K, at least 1, puts K of them evenly on a circle
        of radius 2 around the origin.

    Returns
    -------
    x, y : ndarray
        Those of `moons`, y in 0 … K − 1.

    Raises
    ------
    ValueError, TypeError
        Those of `moons`; and if `centers` is neither a positive whole number nor of shape (K, 2).

    Examples
    --------
    >>> x, y = blobs(4, centers=[[0, 0], [5, 5]], noise=0.0, rng=np.random.default_rng(0))
    >>> x[y == 1]
    array([[5., 5.],
           [5., 5.]])
    """
    if np.ndim(centers) == 0:
        K = check_count(centers, "blobs", "centers")  # type: ignore[arg-type]
        angle = 2 * np.pi * np.arange(K) / K
        centers = 2 * np.column_stack([np.cos(angle), np.sin(angle)])
    centers = check_array(centers, "blobs", "centers", ("K", 2))
    y = _classes(n, len(centers), noise, rng, "blobs")
    x: Array = centers[y]
    return x + noise * rng.standard_normal((n, 2)), y


def xor(n: int, *, noise: float = 0.1, rng: np.random.Generator) -> Labelled:
    """Draw points around the corners (a, b) of the unit square, of class ``a XOR b``.

    Parameters, result and errors are those of `moons`; the four corners get equally many points,
    give or take 1. No straight line separates the classes.

    Examples
    --------
    >>> x, y = xor(4, noise=0.0, rng=np.random.default_rng(0))
    >>> for (a, b), label in sorted(zip(x.tolist(), y.tolist())):
    ...     print(f"{a:.0f} XOR {b:.0f} = {label}")
    0 XOR 0 = 0
    0 XOR 1 = 1
    1 XOR 0 = 1
    1 XOR 1 = 0
    """
    corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    corner = _classes(n, 4, noise, rng, "xor")
    a, b = corners[corner].T
    x = np.column_stack([a, b]) + noise * rng.standard_normal((n, 2))
    return x, a ^ b


def noisy_sine(
    n: int, *, noise: float = 0.1, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Draw a regression problem: ``y = sin(2 * π * x) + noise * e``, x uniform in [0, 1).

    Parameters and errors are those of `moons`; the noise is added to y alone.

    Returns
    -------
    x : ndarray of float64, shape (n, 1)
    y : ndarray of float64, shape (n,)

    References
    ----------
    Bishop (2006), *Pattern Recognition and Machine Learning*, section 1.1, fits this curve.

    Examples
    --------
    >>> x, y = noisy_sine(50, noise=0.0, rng=np.random.default_rng(0))
    >>> x.shape, np.allclose(y, np.sin(2 * np.pi * x[:, 0]))
    ((50, 1), True)
    """
    _check(n, noise, rng, "noisy_sine")
    x = rng.uniform(0, 1, (n, 1))
    y = np.sin(2 * np.pi * x[:, 0]) + noise * rng.standard_normal(n)
    return x, y


def _check(n: int, noise: float, rng: np.random.Generator, owner: str) -> None:
    check_count(n, owner, "n")
    check_not_negative(noise, owner, "noise")
    check_rng(rng, owner)


def _classes(
    n: int, classes: int, noise: float, rng: np.random.Generator, owner: str
) -> NDArray[np.int64]:
    """Check a toy's arguments and deal n labels out evenly, in random order."""
    _check(n, noise, rng, owner)
    return rng.permutation(np.arange(n, dtype=np.int64) % classes)
