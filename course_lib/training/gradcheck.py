"""Gradient checking: a derivative from a formula must match one from two nearby function values.

Equation of the central difference: ``df/dx_i = (f(x + h e_i) - f(x - h e_i)) / (2 h)``.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from course_lib._checks import Array, check_array, check_positive, check_rng
from course_lib.architecture.layers import Layer


def numerical_gradient(f: Callable[[], float], x: Array, h: float = 1e-5) -> Array:
    """Estimate ``df/dx`` by moving each entry of `x` a little both ways.

    Parameters
    ----------
    f : callable
        Takes nothing and returns a number that depends on `x`, which is changed in place.
    x : ndarray of float64
        Left as it was found, also if `f` raises.
    h : float, optional
        Half the distance of the two points. The error is of order h², rounding of order 1e-16 / h;
        1e-5 keeps both small for values near 1.

    Returns
    -------
    ndarray of the shape of x

    Raises
    ------
    TypeError
        If `x` is not a float64 array: in float32, rounding swamps the difference.

    References
    ----------
    Goodfellow, Bengio and Courville (2016), *Deep Learning*, section 11.5.

    Examples
    --------
    >>> x = np.array([1.0, 3.0])
    >>> numerical_gradient(lambda: float((x**2).sum()), x).round(6)
    array([2., 6.])
    """
    if not isinstance(x, np.ndarray) or x.dtype != np.float64:
        raise TypeError(
            f"numerical_gradient expected x as a float64 array, got {getattr(x, 'dtype', type(x))}"
        )
    check_positive(h, "numerical_gradient", "h")
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        kept = x[i]
        try:
            x[i] = kept + h
            above = f()
            x[i] = kept - h
            below = f()
        finally:
            x[i] = kept
        gradient[i] = (above - below) / (2 * h)
    return gradient


def relative_error(a: ArrayLike, b: ArrayLike) -> float:
    """Return ``max|a - b| / max(1, max|a|, max|b|)``: 0 for equal arrays, near 1 for unrelated.

    Raises
    ------
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> relative_error([1.0, 2.0], [1.0, 2.0])
    0.0
    """
    a = check_array(a, "relative_error", "a", None)
    b = check_array(b, "relative_error", "b", a.shape)
    return float(np.abs(a - b).max() / max(1.0, np.abs(a).max(), np.abs(b).max()))


def check_gradients(
    layer: Layer, x: ArrayLike, *, rng: np.random.Generator, train: bool = False
) -> dict[str, float]:
    """Compare a layer's `backward` with central differences, for its input and every parameter.

    The layer's output is projected on a random ``dy``, so that ``f = sum(y * dy)`` is a number
    whose gradient `backward` should find. (With ``dy`` all ones a wrong softmax would pass.)

    Parameters
    ----------
    layer : Layer
        A layer or a whole network in float64, deterministic in its forward pass.
    x : array_like
        A batch that the layer accepts.
    rng : numpy.random.Generator
        Draws ``dy``.
    train : bool, optional
        What `forward` is called with.

    Returns
    -------
    dict
        Relative error (see `relative_error`) of ``"x"`` and of each parameter, ``"parameter 0"``
        onwards. Right gradients stay below 1e-6.

    Examples
    --------
    >>> from course_lib.architecture import Dense
    >>> rng = np.random.default_rng(0)
    >>> errors = check_gradients(Dense(3, 2, rng=rng), rng.normal(size=(4, 3)), rng=rng)
    >>> max(errors.values()) < 1e-6
    True
    """
    check_rng(rng, "check_gradients")
    x = np.array(check_array(x, "check_gradients", "x", None))
    dy = rng.normal(size=layer.forward(x, train).shape)

    def f() -> float:
        return float((layer.forward(x, train) * dy).sum())

    layer.zero_grad()
    layer.forward(x, train)
    dx = layer.backward(dy)
    analytic = [parameter.grad.copy() for parameter in layer.parameters()]
    layer.zero_grad()
    errors = {"x": relative_error(dx, numerical_gradient(f, x))}
    for i, (parameter, grad) in enumerate(zip(layer.parameters(), analytic, strict=True)):
        errors[f"parameter {i}"] = relative_error(grad, numerical_gradient(f, parameter.value))
    return errors
