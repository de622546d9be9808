"""Why a model errs: it is wrong on average, or it changes with its data, or nobody could know.

Equation: ``error = bias² + variance + noise²``, each a mean over many training sets.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from course_lib._checks import Array, check_array, check_not_negative, check_rng


@dataclass(frozen=True)
class BiasVariance:
    """Where a model's error comes from; every part is a mean over the test points.

    Attributes
    ----------
    bias_squared : float
        ``(mean of the predictions - f(x))**2``: wrong however many data sets are averaged.
    variance : float
        ``mean of (prediction - mean of the predictions)**2``: differs from data set to data set.
    noise : float
        ``noise**2``: what no model can predict.
    error : float
        The mean squared error, measured against fresh noisy targets. It equals the sum of the
        other three but for the chance in those targets.

    Examples
    --------
    >>> BiasVariance(bias_squared=0.25, variance=0.5, noise=0.25, error=1.0).variance
    0.5
    """

    bias_squared: float
    variance: float
    noise: float
    error: float


def bias_variance(
    fit_predict: Callable[[Array, Array, Array, np.random.Generator], ArrayLike],
    true_function: Callable[[Array], Any],
    training_inputs: Iterable[ArrayLike],
    x_test: ArrayLike,
    *,
    noise: float,
    rng: np.random.Generator,
) -> BiasVariance:
    """Fit the same model on many data sets, and split its error into its three sources.

    ``error = bias² + variance + noise²``. The parts can be told apart only where the truth is
    known; so the targets are made here: ``y = f(x) + noise * normal``.

    Parameters
    ----------
    fit_predict : callable
        ``fit_predict(x_train, y_train, x_test, rng)`` trains a new model and returns its
        predictions at `x_test`, of the shape of ``true_function(x_test)``.
    true_function : callable
        The function f to be learned.
    training_inputs : iterable of array_like of shape (N, …)
        The inputs of each data set, at least 2 of them: fresh draws, or ``[x] * 200``.
    x_test : array_like of shape (M, …)
        Where to measure.
    noise : float
        Standard deviation of the noise in the targets, at least 0.
    rng : numpy.random.Generator
        Draws the noise; also passed on to `fit_predict`.

    Returns
    -------
    BiasVariance
        With R data sets, bias_squared is too high by about variance / R, and variance too low
        by as much; their sum is not affected.

    Raises
    ------
    ValueError, TypeError
        If noise is negative, there are fewer than 2 data sets, or predictions have the wrong
        shape.

    References
    ----------
    Geman, Bienenstock and Doursat (1992), "Neural networks and the bias/variance dilemma",
    Neural Computation 4(1).

    Examples
    --------
    >>> def mean_of_targets(x_train, y_train, x_test, rng):
    ...     return np.full(len(x_test), y_train.mean())
    >>> x = np.linspace(-1, 1, 50)
    >>> parts = bias_variance(mean_of_targets, lambda x: 3 * x, [x] * 100, x,
    ...                       noise=0.5, rng=np.random.default_rng(0))
    >>> round(parts.bias_squared, 2), round(parts.variance, 2), parts.noise
    (3.12, 0.01, 0.25)
    """
    check_rng(rng, "bias_variance")
    noise = check_not_negative(noise, "bias_variance", "noise")
    x_test = check_array(x_test, "bias_variance", "x_test", None)
    f = check_array(true_function(x_test), "bias_variance", "true_function(x_test)", None)
    drawn = []
    for x_train in training_inputs:
        x_train = check_array(x_train, "bias_variance", "training_inputs", None)
        y_train = np.asarray(true_function(x_train), dtype=np.float64)
        y_train = y_train + noise * rng.normal(size=y_train.shape)
        prediction = fit_predict(x_train, y_train, x_test, rng)
        drawn.append(check_array(prediction, "bias_variance", "predictions", f.shape))
    if len(drawn) < 2:
        raise ValueError(f"bias_variance expected at least 2 training_inputs, got {len(drawn)}")
    predictions = np.array(drawn)  # (R, M, …)
    mean = predictions.mean(axis=0)
    y_test = f + noise * rng.normal(size=predictions.shape)
    return BiasVariance(
        bias_squared=float(np.mean((mean - f) ** 2)),
        variance=float(np.mean((predictions - mean) ** 2)),
        noise=noise**2,
        error=float(np.mean((predictions - y_test) ** 2)),
    )
