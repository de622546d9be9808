"""A recurrent network reads a sequence step by step and carries a state from each step to the next.

Equation: ``h = tanh(x @ W_x + h_prev @ W_h + b)``, with the same weights at every step.
"""

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from course_lib._checks import Array, check_array, check_count, check_rng
from course_lib.architecture.initializers import Initializer, glorot
from course_lib.architecture.layers import Layer
from course_lib.architecture.parameter import Parameter
from course_lib.challenges.sequences import find_lengths, real_steps


class RecurrentLayer(Layer):
    """What `RNN` and `LSTM` share: weights, checks, and sums of gradients over all steps.

    Inside, the step is the first axis, (T, N, …), so that what belongs to one step lies together.
    """

    gates = 1
    """How many weighted sums a hidden unit takes of its inputs."""

    def __init__(
        self,
        inputs: int,
        hidden: int,
        *,
        rng: np.random.Generator,
        initializer: Initializer = glorot,
        skip_padding: bool = False,
        dtype: DTypeLike = np.float64,
    ) -> None:
        name = type(self).__name__
        D, H = check_count(inputs, name, "inputs"), check_count(hidden, name, "hidden")
        check_rng(rng, name)
        if np.dtype(dtype) not in (np.float32, np.float64):
            raise TypeError(f"{name} expected dtype float32 or float64, got {np.dtype(dtype)}")
        W_x = initializer((D, self.gates * H), D, H, rng)
        W_h = initializer((H, self.gates * H), H, H, rng)
        self.W_x = Parameter(W_x.astype(dtype))
        self.W_h = Parameter(W_h.astype(dtype))
        self.b = Parameter(np.zeros(self.gates * H, dtype))
        self.skip_padding = skip_padding
        self.dh: Array | None = None

    def parameters(self) -> list[Parameter]:
        """Return W_x, W_h, then b."""
        return [self.W_x, self.W_h, self.b]

    def _read(
        self, x: ArrayLike, train: bool, lengths: ArrayLike | None
    ) -> tuple[Array, Array | None]:
        """Return x as (T, N, D), and which steps are real as (T, N, 1): None if all are."""
        name = type(self).__name__
        if not isinstance(train, (bool, np.bool_)):
            raise TypeError(
                f"{name}.forward expected train to be True or False; give the first state by "
                f"name: forward(x, h0=h0)"
            )
        D = len(self.W_x.value)
        x = check_array(x, name, "x", ("N", "T", D), self.W_x.value.dtype)
        if lengths is None and self.skip_padding:
            lengths = find_lengths(x)
        N, T, _ = x.shape
        real = None if lengths is None else real_steps(lengths, name, N, T).T[:, :, None]
        return np.ascontiguousarray(x.transpose(1, 0, 2)), real

    def _first_state(self, state: ArrayLike | None, argument: str, N: int) -> Array:
        W_h = self.W_h.value
        if state is None:
            return np.zeros((N, len(W_h)), W_h.dtype)
        return check_array(state, type(self).__name__, argument, (N, len(W_h)), W_h.dtype)

    def _read_gradient(self, dy: Array, x: Array) -> Array:
        """Return dy as (T, N, H)."""
        owner = f"{type(self).__name__}.backward"
        T, N, _ = x.shape
        H = len(self.W_h.value)
        return check_array(dy, owner, "dy", (N, T, H), x.dtype).transpose(1, 0, 2)

    def _sum_over_steps(self, x: Array, h: Array, dz: Array) -> Array:
        """Add the gradients of W_x, W_h and b; return that of x, of shape (N, T, D).

        ``dW_x = x.T @ dz``, ``dW_h = h_prev.T @ dz``, ``db = dz.sum(axis=0)`` and
        ``dx = dz @ W_x.T``, over all steps of all sequences at once.
        """
        T, N, D = x.shape
        x, h_prev, dz = (
            rows.reshape(T * N, rows.shape[2]) for rows in (x, h[:-1], dz)
        )  # (T * N, …)
        self.W_x.grad += x.T @ dz
        self.W_h.grad += h_prev.T @ dz
        self.b.grad += dz.sum(axis=0)
        dx: Array = dz @ self.W_x.value.T
        return dx.reshape(T, N, D).transpose(1, 0, 2)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self.W_x.value)}, {len(self.W_h.value)})"


class RNN(RecurrentLayer):
    """The simple recurrent layer: ``h = tanh(x @ W_x + h_prev @ W_h + b)``.

    Parameters
    ----------
    inputs, hidden : int
        Numbers D of inputs a step and H of hidden units.
    rng : numpy.random.Generator
        Draws the first weights.
    initializer : callable, optional
        For W_x and W_h; Glorot's by default. The bias starts at 0.
    skip_padding : bool, optional
        Take the lengths from `find_lengths` when `forward` isn't given them: steps of zeros at a
        sequence's end are padding.
    dtype : dtype, optional
        float64 (default) or float32; inputs are converted to it.

    Attributes
    ----------
    W_x : Parameter of shape (D, H)
    W_h : Parameter of shape (H, H)
    b : Parameter of shape (H,)
    dh : ndarray of shape (N, T, H), or None
        After `backward`: ∂loss/∂h of every step, what came from its output and from all later
        steps together. Its norm over time shows gradients vanish or explode.
    dh0 : ndarray of shape (N, H), or None
        After `backward`: ∂loss/∂h0.

    Raises
    ------
    ValueError, TypeError
        If an array has the wrong shape or holds no finite numbers, if lengths lie outside 1 … T,
        or if `train` is no bool (as when a state is passed in its place).
    RuntimeError
        From `backward` before `forward`.

    References
    ----------
    Elman (1990), "Finding structure in time". Werbos (1990), "Backpropagation through time: what
    it does and how to do it".

    Examples
    --------
    >>> layer = RNN(20, 32, rng=np.random.default_rng(0))
    >>> layer.forward(np.ones((5, 7, 20))).shape
    (5, 7, 32)
    """

    def __init__(
        self,
        inputs: int,
        hidden: int,
        *,
        rng: np.random.Generator,
        initializer: Initializer = glorot,
        skip_padding: bool = False,
        dtype: DTypeLike = np.float64,
    ) -> None:
        super().__init__(
            inputs,
            hidden,
            rng=rng,
            initializer=initializer,
            skip_padding=skip_padding,
            dtype=dtype,
        )
        self.dh0: Array | None = None
        self._kept: tuple[Array, Array, Array | None] | None = None

    def forward(
        self,
        x: ArrayLike,
        train: bool = False,
        *,
        h0: ArrayLike | None = None,
        lengths: ArrayLike | None = None,
    ) -> Array:
        """Return the states ``h = tanh(x @ W_x + h_prev @ W_h + b)`` of all steps.

        Parameters
        ----------
        x : array_like of shape (N, T, D)
        train : bool, optional
            Makes no difference here.
        h0 : array_like of shape (N, H), optional
            The state before the first step; zeros by default.
        lengths : array_like of int, shape (N,), optional
            Real steps of each sequence, 1 … T. Over padding the state repeats.

        Returns
        -------
        ndarray of shape (N, T, H)
        """
        x, real = self._read(x, train, lengths)
        W_x, W_h, b = self.W_x.value, self.W_h.value, self.b.value
        T, N, _ = x.shape
        h = np.empty((T + 1, N, len(W_h)), W_h.dtype)  # h[t + 1] is the state after step t
        h[0] = self._first_state(h0, "h0", N)
        z = x @ W_x + b  # (T, N, H): the inputs' share, for all steps at once
        for t in range(T):
            h_prev = h[t]
            h[t + 1] = np.tanh(z[t] + h_prev @ W_h)
            if real is not None:
                np.copyto(h[t + 1], h_prev, where=~real[t])
        self._kept = x, h, real
        return h[1:].transpose(1, 0, 2)

    def backward(self, dy: Array) -> Array:
        """Go back through time: add to the gradients of W_x, W_h and b, and return that of x.

        From the last step to the first: ``dh = dy + dh_next``, ``dz = dh * (1 - h**2)``,
        ``dh_prev = dz @ W_h.T``. dy has shape (N, T, H), dx has shape (N, T, D).
        """
        x, h, real = self._after_forward(self._kept)
        dy = self._read_gradient(dy, x)
        W_h = self.W_h.value
        dh, dz = np.empty_like(h[1:]), np.empty_like(h[1:])
        dh_next = np.zeros_like(h[0])
        for t in reversed(range(len(x))):
            np.add(dy[t], dh_next, out=dh[t])
            np.multiply(dh[t], 1 - h[t + 1] ** 2, out=dz[t])
            if real is not None:
                dz[t] *= real[t]
            dh_next = dz[t] @ W_h.T
            if real is not None:
                dh_next += dh[t] * ~real[t]  # padding hands the gradient on as it came
        self.dh, self.dh0 = dh.transpose(1, 0, 2), dh_next
        return self._sum_over_steps(x, h, dz)
