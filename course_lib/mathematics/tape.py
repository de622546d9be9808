"""The tape: every result remembers what it was made from, so that gradients find their way back.

Equation of the chain rule: ``grad(x) = Σ over uses y of x: grad(y) * ∂y/∂x``; a value that is used
twice gets the sum.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from course_lib._checks import Array, check_array

Pull = Callable[[Array], tuple[Array, ...]]
"""Takes the gradient dy of a result and returns that of each parent, in order."""


def unbroadcast(dy: Array, shape: tuple[int, ...]) -> Array:
    """Sum `dy` over the axes along which NumPy had repeated an array of the given shape.

    Broadcasting uses one number in many places; the gradient of that number is the sum over them.

    Parameters
    ----------
    dy : ndarray
        Of a shape that `shape` broadcasts to.
    shape : tuple of int

    Returns
    -------
    ndarray of the given shape

    Examples
    --------
    >>> unbroadcast(np.ones((4, 3)), (3,))
    array([4., 4., 4.])
    >>> unbroadcast(np.ones((4, 3)), (4, 1))
    array([[3.], [3.], [3.], [3.]])
    """
    new = dy.ndim - len(shape)
    stretched = tuple(i for i, size in enumerate(shape, new) if size == 1)
    dx: Array = dy.sum(axis=(*range(new), *stretched), keepdims=True)
    return dx.reshape(shape)


class Node:
    """A value on the tape, its gradient, and the way back to what it was computed from.

    Plain on purpose: every node keeps its gradient, constants and intermediate results included,
    so that a reader (or a picture) can look at each of them. A library for large networks would
    skip the constants and free the rest.

    Parameters
    ----------
    value : array_like of any shape
        Finite real numbers. float32 stays float32, every other number becomes float64.
    name : str, optional
        What pictures and error messages call it.

    Attributes
    ----------
    value, grad : ndarray
        Of one shape and dtype. `backward` adds to `grad`; only `zero_grad` clears it.
    parents : tuple of Node
        What the value was computed from; empty for a value that was given.
    name : str

    Raises
    ------
    TypeError, ValueError
        If `value` holds anything but finite real numbers.
    """

    # Slots also make a misspelt attribute an error when it is set, not only when it is read.
    __slots__ = ("_pull", "grad", "name", "parents", "value")

    value: Array
    grad: Array
    parents: Sequence["Node"]
    name: str

    def __init__(self, value: ArrayLike, *, name: str = "") -> None:
        dtype = np.float32 if getattr(value, "dtype", None) == np.float32 else np.float64
        self._record(np.array(check_array(value, "Tensor", "value", None, dtype)), name, (), None)

    def _record(
        self, value: Array, name: str, parents: Sequence["Node"], pull: Pull | None
    ) -> None:
        self.value = np.asarray(value)
        self.grad = np.zeros_like(self.value)
        self.name = name
        self.parents = parents
        self._pull = pull

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the value."""
        return self.value.shape

    def zero_grad(self) -> None:
        """Forget the gradient: set every entry of `grad` to 0, in place."""
        self.grad.fill(0.0)

    def backward(self, dy: ArrayLike | None = None) -> None:
        """Add the gradient of ``sum(self.value * dy)`` to `grad` of every node on the way back.

        Each node is visited once, after all the nodes that use it, so that its own gradient is
        complete when it is passed on.

        Parameters
        ----------
        dy : array_like of the shape of the value, optional
            Where the gradient starts; 1 for a single number.

        Raises
        ------
        ValueError
            If `dy` is missing though the value is not a single number, or has another shape.

        References
        ----------
        Griewank and Walther (2008), *Evaluating Derivatives*, chapter 3.

        Examples
        --------
        >>> x = Node([1.0, 2.0])
        >>> x.backward([3.0, 4.0])
        >>> x.grad
        array([3., 4.])
        """
        if dy is None:
            if self.value.size != 1:
                raise ValueError(
                    f"Tensor.backward starts from a single number, got shape {self.shape}: "
                    "reduce it first, y.sum().backward(), or give its gradient, y.backward(dy)"
                )
            dy = np.ones(self.shape)
        dy = check_array(dy, "Tensor.backward", "dy", self.shape, self.value.dtype)
        # Gradients of this call alone: `grad` may still hold those of earlier ones.
        gradients: dict[int, Array] = {id(self): dy}
        for node in reversed(topological_order(self)):
            dy = gradients.pop(id(node))
            node.grad += dy
            if node._pull is None:
                continue
            for parent, dx in zip(node.parents, node._pull(dy), strict=True):
                dx = unbroadcast(dx, parent.shape)
                # A sum, not `+=` in place: the same array may be the gradient of another node.
                seen = gradients.get(id(parent))
                gradients[id(parent)] = dx if seen is None else seen + dx

    def __repr__(self) -> str:
        name = f", name={self.name!r}" if self.name else ""
        return f"{type(self).__name__}(shape={self.shape}, dtype={self.value.dtype}{name})"


def topological_order(end: Node) -> list[Node]:
    """List `end` and all it was computed from, each node once, after all of its parents.

    Keeps its own stack instead of calling itself: Python allows some 1,000 nested calls, and an
    unrolled recurrent network has more operations in a row than that.

    Examples
    --------
    >>> x = Node(1.0)
    >>> topological_order(x) == [x]
    True
    """
    order: list[Node] = []
    entered: set[int] = set()
    stack: list[tuple[Node, bool]] = [(end, False)]
    while stack:
        node, parents_done = stack.pop()
        if parents_done:
            order.append(node)
        elif id(node) not in entered:
            entered.add(id(node))
            stack.append((node, True))
            stack.extend((parent, False) for parent in reversed(node.parents))
    return order
