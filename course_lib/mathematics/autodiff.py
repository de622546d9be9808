"""Reverse-mode automatic differentiation: compute as usual, and get the gradient of every input.

Equation of an operation ``y = f(a, b)``: ``da = dy * ∂f/∂a``, ``db = dy * ∂f/∂b``. Each method
below states its value and, beside it, these local derivatives; `tape` does the rest.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from course_lib._checks import Array
from course_lib.mathematics.tape import Node, Pull

Axis = int | tuple[int, ...] | None


class Tensor(Node):
    """An array that records what is computed with it.

    Operands of ``+ - * / @`` and `maximum` may be Tensors, arrays or numbers, and broadcast as in
    NumPy; so do warnings, such as the one for a logarithm of 0. Parameters, attributes and errors
    are those of `Node`.

    References
    ----------
    Rumelhart, Hinton and Williams (1986), "Learning representations by back-propagating errors".
    Baydin, Pearlmutter, Radul and Siskind (2018), "Automatic differentiation in machine
    learning: a survey", section 3.2.

    Examples
    --------
    >>> x = Tensor(3.0)
    >>> y = x * x + 2 * x
    >>> y.backward()
    >>> x.grad  # 2 x + 2
    array(8.)
    """

    __slots__ = ()
    # Makes `array * tensor` call Tensor.__rmul__ instead of multiplying entry by entry.
    __array_ufunc__ = None

    @classmethod
    def _result(cls, value: Array, name: str, parents: Sequence[Node], pull: Pull) -> "Tensor":
        tensor = cls.__new__(cls)
        tensor._record(value, name, tuple(parents), pull)
        return tensor

    def _operand(self, other: "Tensor | ArrayLike") -> "Tensor":
        if isinstance(other, Tensor):
            return other
        return Tensor(np.asarray(other, self.value.dtype) if _is_number(other) else other)

    def __add__(self, other: "Tensor | ArrayLike") -> "Tensor":
        a, b = self, self._operand(other)
        return self._result(a.value + b.value, "+", (a, b), lambda dy: (dy, dy))

    def __neg__(self) -> "Tensor":
        return self._result(-self.value, "−", (self,), lambda dy: (-dy,))

    def __sub__(self, other: "Tensor | ArrayLike") -> "Tensor":
        a, b = self, self._operand(other)
        return self._result(a.value - b.value, "−", (a, b), lambda dy: (dy, -dy))

    def __mul__(self, other: "Tensor | ArrayLike") -> "Tensor":
        a, b = self, self._operand(other)
        return self._result(a.value * b.value, "×", (a, b), lambda dy: (dy * b.value, dy * a.value))

    def __truediv__(self, other: "Tensor | ArrayLike") -> "Tensor":
        a, b = self, self._operand(other)
        return self._result(
            a.value / b.value,
            "÷",
            (a, b),
            lambda dy: (dy / b.value, -dy * a.value / b.value**2),
        )

    def __pow__(self, n: float) -> "Tensor":
        if not _is_number(n):
            raise TypeError(
                f"Tensor ** n expected n to be a number, got {type(n).__name__}: "
                "write (x.log() * n).exp() for an exponent that is a Tensor"
            )
        x = self.value
        # The slope of x**0 is 0 everywhere; the formula would divide 0 by 0 at x = 0.
        return self._result(
            x**n, f"**{n:g}", (self,), lambda dy: (dy * n * x ** (n - 1) if n else 0 * dy,)
        )

    def __matmul__(self, other: "Tensor | ArrayLike") -> "Tensor":
        a, b = self, self._operand(other)
        if b.value.ndim == 1:
            return (a @ b.reshape(-1, 1))[..., 0]
        if a.value.ndim == 1:
            return (a.reshape(1, -1) @ b)[..., 0, :]
        return self._result(
            a.value @ b.value,
            "@",
            (a, b),
            lambda dy: (dy @ b.value.swapaxes(-1, -2), a.value.swapaxes(-1, -2) @ dy),
        )

    def __radd__(self, other: ArrayLike) -> "Tensor":
        return self._operand(other) + self

    def __rsub__(self, other: ArrayLike) -> "Tensor":
        return self._operand(other) - self

    def __rmul__(self, other: ArrayLike) -> "Tensor":
        return self._operand(other) * self

    def __rtruediv__(self, other: ArrayLike) -> "Tensor":
        return self._operand(other) / self

    def __rmatmul__(self, other: ArrayLike) -> "Tensor":
        return self._operand(other) @ self

    def exp(self) -> "Tensor":
        """Return ``y = exp(x)``; ``dx = dy * y``."""
        y = np.exp(self.value)
        return self._result(y, "exp", (self,), lambda dy: (dy * y,))

    def log(self) -> "Tensor":
        """Return ``y = log(x)``, x above 0; ``dx = dy / x``."""
        x = self.value
        return self._result(np.log(x), "log", (self,), lambda dy: (dy / x,))

    def tanh(self) -> "Tensor":
        """Return ``y = tanh(x)``; ``dx = dy * (1 - y**2)``."""
        y = np.tanh(self.value)
        return self._result(y, "tanh", (self,), lambda dy: (dy * (1 - y**2),))

    def sigmoid(self) -> "Tensor":
        """Return ``y = exp(-log(1 + exp(-x)))``, which is σ(x); ``dx = dy * y * (1 - y)``."""
        y = np.exp(-np.logaddexp(0, -self.value))
        return self._result(y, "σ", (self,), lambda dy: (dy * y * (1 - y),))

    def maximum(self, other: "Tensor | ArrayLike") -> "Tensor":
        """Return the greater of two, entry by entry; on a tie the gradient goes to `other`."""
        a, b = self, self._operand(other)
        first = a.value > b.value
        return self._result(
            np.maximum(a.value, b.value), "max", (a, b), lambda dy: (dy * first, dy * ~first)
        )

    def relu(self) -> "Tensor":
        """Return ``y = max(x, 0)``; ``dx = dy * (x > 0)``."""
        x = self.value
        return self._result(np.maximum(x, 0), "ReLU", (self,), lambda dy: (dy * (x > 0),))

    def sum(self, axis: Axis = None, *, keepdims: bool = False) -> "Tensor":
        """Sum over all entries, or along an axis or several; every summand gets dy."""
        x = self.value
        kept = x.sum(axis=axis, keepdims=True).shape
        return self._result(
            x.sum(axis=axis, keepdims=keepdims),
            "Σ",
            (self,),
            lambda dy: (np.broadcast_to(dy.reshape(kept), x.shape),),
        )

    def mean(self, axis: Axis = None, *, keepdims: bool = False) -> "Tensor":
        """Return ``y = sum(x) / count``, over all entries, or along an axis or several."""
        total = self.sum(axis, keepdims=keepdims)
        return total / (self.value.size // total.value.size)

    def max(self, axis: Axis = None, *, keepdims: bool = False) -> "Tensor":
        """Return the greatest entry; where several are equal, they share its gradient equally."""
        x = self.value
        greatest = x.max(axis=axis, keepdims=True)
        share = x == greatest
        share = share / share.sum(axis=axis, keepdims=True)
        return self._result(
            x.max(axis=axis, keepdims=keepdims),
            "max",
            (self,),
            lambda dy: (share * dy.reshape(greatest.shape),),
        )

    def reshape(self, *shape: int) -> "Tensor":
        """Lay the entries out in another shape, as ``x.reshape(2, -1)``."""
        x = self.value
        return self._result(x.reshape(shape), "reshape", (self,), lambda dy: (dy.reshape(x.shape),))

    def transpose(self, *axes: int) -> "Tensor":
        """Reorder the axes, as ``x.transpose(0, 2, 1)``; without arguments, reverse them."""
        axes = axes or tuple(reversed(range(self.value.ndim)))
        order = np.argsort(np.mod(axes, self.value.ndim)) if axes else ()
        return self._result(
            self.value.transpose(axes), "transpose", (self,), lambda dy: (dy.transpose(order),)
        )

    def __getitem__(self, index: Any) -> "Tensor":
        x = self.value

        def pull(dy: Array) -> tuple[Array]:
            dx = np.zeros_like(x)
            np.add.at(dx, index, dy)  # unlike dx[index] += dy, counts a repeated index each time
            return (dx,)

        return self._result(x[index], "[…]", (self,), pull)


def concatenate(tensors: Sequence[Tensor], axis: int = 0) -> Tensor:
    """Join Tensors along an axis; each gets back its own part of the gradient.

    Examples
    --------
    >>> concatenate([Tensor([1.0]), Tensor([2.0, 3.0])]).value
    array([1., 2., 3.])
    """
    values = [tensor.value for tensor in tensors]
    ends = np.cumsum([value.shape[axis] for value in values])[:-1]
    return Tensor._result(
        np.concatenate(values, axis),
        "concatenate",
        tensors,
        lambda dy: tuple(np.split(dy, ends, axis)),
    )


def stack(tensors: Sequence[Tensor], axis: int = 0) -> Tensor:
    """Join Tensors of one shape along a new axis.

    Examples
    --------
    >>> stack([Tensor([1.0, 2.0]), Tensor([3.0, 4.0])], axis=1).value
    array([[1., 3.],
           [2., 4.]])
    """
    values = [tensor.value for tensor in tensors]
    return Tensor._result(
        np.stack(values, axis),
        "stack",
        tensors,
        lambda dy: tuple(np.moveaxis(dy, axis, 0)),
    )


def _is_number(x: object) -> bool:
    return isinstance(x, (int, float, np.integer, np.floating)) and not isinstance(x, bool)
