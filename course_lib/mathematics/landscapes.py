"""Landscapes: functions of a few numbers on which a descent can be watched, and proved.

Equation of a bowl with Hessian H: ``value(x) = x @ H @ x / 2``, ``gradient(x) = x @ H``.
"""

from abc import ABC, abstractmethod
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike

from course_lib._checks import Array, check_array, check_count, check_positive, check_rng


class Landscape(ABC):
    """A function of D numbers, its gradient and the place of its minimum.

    Attributes
    ----------
    minimum : ndarray of shape (D,)

    Examples
    --------
    >>> class Bowl(Landscape):
    ...     minimum = np.zeros(2)
    ...     def value(self, x):
    ...         return (np.asarray(x) ** 2).sum(axis=-1)
    ...     def gradient(self, x):
    ...         return 2 * np.asarray(x)
    >>> Bowl().gradient([1.0, 3.0])
    array([2., 6.])
    """

    minimum: Array

    @abstractmethod
    def value(self, x: ArrayLike) -> Array:
        """Return the height above each point; x has shape (..., D), the result (...)."""

    @abstractmethod
    def gradient(self, x: ArrayLike) -> Array:
        """Return the direction of steepest ascent; x and the result have shape (..., D)."""

    def _points(self, x: ArrayLike) -> Array:
        name, dimension = type(self).__name__, self.minimum.size
        x = check_array(x, name, "x", None)
        if x.shape[-1:] != (dimension,):
            raise ValueError(f"{name} expected x of shape (..., {dimension}), got {x.shape}")
        return x


class Quadratic(Landscape):
    """A bowl: ``value(x) = x @ H @ x / 2``, with its minimum 0 at the origin.

    Along the eigenvector with eigenvalue λ, a step of descent multiplies the distance from the
    minimum by ``1 - lr * λ``. All that this class knows about descent follows from that.

    Parameters
    ----------
    hessian : array_like of shape (D, D)
        Symmetric, with eigenvalues above 0.

    Attributes
    ----------
    hessian : ndarray of shape (D, D)
    eigenvalues : ndarray of shape (D,)
        Curvatures along the axes of the bowl, in ascending order.
    eigenvectors : ndarray of shape (D, D)
        Those axes, one a column.

    Raises
    ------
    ValueError
        If the matrix isn't square, symmetric and positive definite.

    References
    ----------
    Nocedal and Wright (2006), *Numerical Optimization*, section 3.3.

    Examples
    --------
    >>> bowl = Quadratic([[1.0, 0.0], [0.0, 9.0]])
    >>> float(bowl.value([1.0, 1.0])), bowl.gradient([1.0, 1.0])
    (5.0, array([1., 9.]))
    >>> round(bowl.largest_stable_rate, 3), round(bowl.contraction(bowl.optimal_rate), 3)
    (0.222, 0.8)
    """

    def __init__(self, hessian: ArrayLike) -> None:
        hessian = check_array(hessian, "Quadratic", "hessian", ("D", "D"))
        if hessian.shape[0] != hessian.shape[1] or not np.allclose(hessian, hessian.T):
            raise ValueError(f"Quadratic expected a symmetric hessian, got\n{hessian}")
        self.hessian: Array = np.array(hessian)
        self.eigenvalues, self.eigenvectors = np.linalg.eigh(hessian)
        if self.eigenvalues[0] <= 0:
            raise ValueError(
                "Quadratic expected a hessian with eigenvalues above 0, "
                f"got {self.eigenvalues[0]:g}"
            )
        self.minimum = np.zeros(len(hessian))

    def value(self, x: ArrayLike) -> Array:
        """Return ``x @ H @ x / 2``; x has shape (..., D), the result (...)."""
        x, H = self._points(x), self.hessian
        height: Array = (x @ H * x).sum(axis=-1) / 2  # (...)
        return height

    def gradient(self, x: ArrayLike) -> Array:
        """Return ``x @ H``; x and the result have shape (..., D)."""
        x, H = self._points(x), self.hessian
        slope: Array = x @ H
        return slope

    @property
    def condition_number(self) -> float:
        """``κ = λ_max / λ_min``: how much steeper the steepest direction is than the flattest."""
        return float(self.eigenvalues[-1] / self.eigenvalues[0])

    @property
    def largest_stable_rate(self) -> float:
        """``2 / λ_max``: descent converges from everywhere for, and only for, smaller rates."""
        return float(2 / self.eigenvalues[-1])

    @property
    def optimal_rate(self) -> float:
        """``2 / (λ_min + λ_max)``: contracts the steepest and the flattest direction equally."""
        return float(2 / (self.eigenvalues[0] + self.eigenvalues[-1]))

    def contraction(self, lr: float) -> float:
        """Return ``max(abs(1 - lr * λ))``: a step multiplies the distance by at most this.

        At the optimal rate it is (κ − 1) / (κ + 1), the least possible.
        """
        λ = self.eigenvalues
        return float(np.max(np.abs(1 - lr * λ)))

    @property
    def optimal_momentum(self) -> tuple[float, float]:
        """The rate and momentum of the heavy ball that contract most in the long run.

        ``lr = (2 / (sqrt(λ_max) + sqrt(λ_min)))**2``, ``μ = ((sqrt(κ) - 1) / (sqrt(κ) + 1))**2``;
        the distance then shrinks like ``sqrt(μ)`` to the power of the steps.

        References
        ----------
        Polyak (1964), "Some methods of speeding up the convergence of iteration methods".
        """
        λ_min, λ_max = float(self.eigenvalues[0]), float(self.eigenvalues[-1])
        κ = λ_max / λ_min
        lr = (2 / (sqrt(λ_max) + sqrt(λ_min))) ** 2
        μ = ((sqrt(κ) - 1) / (sqrt(κ) + 1)) ** 2
        return lr, μ

    def momentum_contraction(self, lr: float, momentum: float) -> float:
        """Return the factor by which descent with momentum μ shrinks the distance in the long run.

        ``x_next = (1 + μ - lr * λ) * x - μ * x_previous`` along each eigenvector; the factor is
        the largest magnitude of a root r of ``r**2 - (1 + μ - lr * λ) * r + μ = 0``.
        """
        λ, μ = self.eigenvalues, momentum
        roots = [np.roots([1.0, -(1 + μ - lr * curvature), μ]) for curvature in λ]
        return float(np.abs(np.concatenate(roots)).max())


def quadratic(condition_number: float, dimension: int, *, rng: np.random.Generator) -> Quadratic:
    """Make a bowl with curvatures from 1 to κ, evenly spaced in their logarithm, turned at random.

    Parameters
    ----------
    condition_number : float
        κ, at least 1.
    dimension : int
        D, at least 2.
    rng : numpy.random.Generator
        Draws the rotation.

    Returns
    -------
    Quadratic

    Examples
    --------
    >>> quadratic(100.0, 3, rng=np.random.default_rng(0)).eigenvalues.round(6)
    array([  1.,  10., 100.])
    """
    dimension = check_count(dimension, "quadratic", "dimension", least=2)
    check_rng(rng, "quadratic")
    if check_positive(condition_number, "quadratic", "condition_number") < 1:
        raise ValueError(f"quadratic expected condition_number at least 1, got {condition_number}")
    rotation, _ = np.linalg.qr(rng.normal(size=(dimension, dimension)))
    hessian = rotation @ np.diag(np.geomspace(1, condition_number, dimension)) @ rotation.T
    return Quadratic((hessian + hessian.T) / 2)


class Rosenbrock(Landscape):
    """A bent ravine: ``value(x) = (a - x_0)**2 + b * (x_1 - x_0**2)**2``.

    Parameters
    ----------
    a, b : float, optional
        The minimum, 0, is at (a, a²); the larger b above 0, the steeper the walls.

    References
    ----------
    Rosenbrock (1960), "An automatic method for finding the greatest or least value of a function".

    Examples
    --------
    >>> float(Rosenbrock().value([-1.0, 1.0])), Rosenbrock().gradient([-1.0, 1.0])
    (4.0, array([-4.,  0.]))
    """

    def __init__(self, a: float = 1.0, b: float = 100.0) -> None:
        self.a = float(check_array(a, "Rosenbrock", "a", ()))
        self.b = check_positive(b, "Rosenbrock", "b")
        self.minimum = np.array([self.a, self.a**2])

    def value(self, x: ArrayLike) -> Array:
        """Return ``(a - x_0)**2 + b * (x_1 - x_0**2)**2``; x has shape (..., 2)."""
        x_0, x_1 = np.moveaxis(self._points(x), -1, 0)
        a, b = self.a, self.b
        height: Array = (a - x_0) ** 2 + b * (x_1 - x_0**2) ** 2
        return height

    def gradient(self, x: ArrayLike) -> Array:
        """Return ``(-2 (a - x_0) - 4 b x_0 (x_1 - x_0²), 2 b (x_1 - x_0²))``, shape (..., 2)."""
        x_0, x_1 = np.moveaxis(self._points(x), -1, 0)
        a, b = self.a, self.b
        off = x_1 - x_0**2
        return np.stack([-2 * (a - x_0) - 4 * b * x_0 * off, 2 * b * off], axis=-1)
