"""A parameter is an array that learning changes, next to the gradient that tells how.

Equation: after a backward pass, ``grad = ∂loss/∂value``.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

from course_lib._checks import Array, check_array, keep_float32


class Parameter:
    """An array of weights and its gradient, of equal shape and dtype.

    Parameters
    ----------
    value : array_like
        Initial value; copied. float32 stays float32, every other number becomes float64.

    Attributes
    ----------
    value, grad : ndarray
        The weights, and the derivative of the loss with respect to each of them. A backward
        pass adds to `grad`; only `zero_grad` clears it.

    Raises
    ------
    TypeError
        If `value` does not hold real numbers.
    ValueError
        If it is empty, or not finite.

    Examples
    --------
    >>> import numpy as np
    >>> W = Parameter(np.ones((2, 3)))
    >>> W.grad += 0.5
    >>> W.zero_grad()
    >>> W
    Parameter(shape=(2, 3), dtype=float64)
    """

    def __init__(self, value: ArrayLike) -> None:
        dtype = keep_float32(value)
        self.value: Array = check_array(value, "Parameter", "value", None, dtype).copy()
        self.grad: Array = np.zeros_like(self.value)

    def zero_grad(self) -> None:
        """Forget the gradient: set every entry of `grad` to 0, in place."""
        self.grad.fill(0.0)

    def __repr__(self) -> str:
        return f"Parameter(shape={self.value.shape}, dtype={self.value.dtype})"


def count_parameters(parameters: Iterable[Parameter]) -> int:
    """Count the single numbers that learning can change.

    Examples
    --------
    >>> import numpy as np
    >>> count_parameters([Parameter(np.zeros((64, 10))), Parameter(np.zeros(10))])
    650
    """
    return sum(parameter.value.size for parameter in parameters)
