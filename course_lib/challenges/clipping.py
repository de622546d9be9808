"""Gradient clipping: a gradient that is too long keeps its direction and loses its length.

Equation: ``grad *= min(1, norm / length)``, with the length of all parameters' gradients together.
"""

from collections.abc import Iterable

from course_lib._checks import check_positive
from course_lib.architecture.parameter import Parameter
from course_lib.training.loop import gradient_norm


def clip_gradients(parameters: Iterable[Parameter], norm: float) -> float:
    """Shorten the gradient to `norm` if it is longer; call it between `backward` and `step`.

    Parameters
    ----------
    parameters : iterable of Parameter
        Their gradients are taken as one long vector and scaled by one common factor.
    norm : float
        Greatest length allowed, above 0.

    Returns
    -------
    float
        The length before clipping, at least 0.

    Raises
    ------
    ValueError, TypeError
        If `norm` is no number above 0.

    References
    ----------
    Pascanu, Mikolov and Bengio (2013), "On the difficulty of training recurrent neural
    networks", algorithm 1.

    Examples
    --------
    >>> W = Parameter([0.0, 0.0])
    >>> W.grad += [30.0, 40.0]
    >>> clip_gradients([W], 1.0)
    50.0
    >>> W.grad
    array([0.6, 0.8])
    """
    norm = check_positive(norm, "clip_gradients", "norm")
    parameters = list(parameters)
    length = gradient_norm(parameters)
    if length > norm:
        for parameter in parameters:
            parameter.grad *= norm / length
    return length
