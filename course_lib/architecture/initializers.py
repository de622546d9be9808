"""How a layer's weights begin: random, with a spread that keeps signals neither fading nor growing.

Equation: ``std = sqrt(gain / fan)``, where *fan* counts the connections into (or out of) a neuron.
"""

from collections.abc import Callable

import numpy as np

from course_lib._checks import Array, check_count, check_number, check_rng

Initializer = Callable[[tuple[int, ...], int, int, np.random.Generator], Array]
"""``initializer(shape, fan_in, fan_out, rng)`` returns a float64 array of that shape."""


def he(shape: tuple[int, ...], fan_in: int, fan_out: int, rng: np.random.Generator) -> Array:
    """Draw from a normal distribution with ``std = sqrt(2 / fan_in)``, made for ReLU.

    Parameters
    ----------
    shape : tuple of int
        Shape of the weights.
    fan_in, fan_out : int
        Connections into one output neuron, and out of one input neuron; at least 1.
    rng : numpy.random.Generator
        Where the random numbers come from.

    Returns
    -------
    ndarray of the given shape

    Raises
    ------
    TypeError, ValueError
        If `rng` is no Generator, or a fan is not a whole number of at least 1.

    References
    ----------
    He, Zhang, Ren and Sun (2015), "Delving deep into rectifiers", section 2.2.

    Examples
    --------
    >>> W = he((200, 300), 200, 300, np.random.default_rng(0))
    >>> abs(W.std() - 0.1) < 0.001
    np.True_
    """
    fan_in = check_count(fan_in, "he", "fan_in")
    std = np.sqrt(2 / fan_in)
    return check_rng(rng, "he").normal(0.0, std, shape)


def glorot(shape: tuple[int, ...], fan_in: int, fan_out: int, rng: np.random.Generator) -> Array:
    """Draw from a normal distribution with ``std = sqrt(2 / (fan_in + fan_out))``, made for tanh.

    Parameters and result are those of `he`.

    References
    ----------
    Glorot and Bengio (2010), "Understanding the difficulty of training deep feedforward
    neural networks", equation 12.

    Examples
    --------
    >>> W = glorot((200, 300), 200, 300, np.random.default_rng(0))
    >>> abs(W.std() - np.sqrt(2 / 500)) < 0.001
    np.True_
    """
    fan_in = check_count(fan_in, "glorot", "fan_in")
    fan_out = check_count(fan_out, "glorot", "fan_out")
    std = np.sqrt(2 / (fan_in + fan_out))
    return check_rng(rng, "glorot").normal(0.0, std, shape)


def lecun(shape: tuple[int, ...], fan_in: int, fan_out: int, rng: np.random.Generator) -> Array:
    """Draw from a normal distribution with ``std = sqrt(1 / fan_in)``, made for linear neurons.

    Parameters and result are those of `he`.

    References
    ----------
    LeCun, Bottou, Orr and Müller (1998), "Efficient BackProp", section 4.6.

    Examples
    --------
    >>> W = lecun((100, 300), 100, 300, np.random.default_rng(0))
    >>> abs(W.std() - 0.1) < 0.001
    np.True_
    """
    fan_in = check_count(fan_in, "lecun", "fan_in")
    std = np.sqrt(1 / fan_in)
    return check_rng(rng, "lecun").normal(0.0, std, shape)


def zeros(shape: tuple[int, ...], fan_in: int, fan_out: int, rng: np.random.Generator) -> Array:
    """Set every weight to 0: the start that leaves all neurons of a layer alike for ever.

    Parameters and result are those of `he`; nothing is drawn from `rng`.

    Examples
    --------
    >>> zeros((1, 2), 1, 2, np.random.default_rng(0))
    array([[0., 0.]])
    """
    return np.zeros(shape)


def constant(value: float) -> Initializer:
    """Return an initializer that sets every weight to `value`.

    Raises
    ------
    TypeError, ValueError
        If `value` is not a finite number.

    Examples
    --------
    >>> constant(0.5)((1, 2), 1, 2, np.random.default_rng(0))
    array([[0.5, 0.5]])
    """
    value = check_number(value, "constant", "value")

    def initializer(
        shape: tuple[int, ...], fan_in: int, fan_out: int, rng: np.random.Generator
    ) -> Array:
        return np.full(shape, value)

    return initializer
