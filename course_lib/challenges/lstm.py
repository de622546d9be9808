"""Long short-term memory: gates decide what a cell forgets, what it takes in and what it shows.

Equation: ``c = f * c_prev + i * g`` and ``h = o * tanh(c)``.
"""

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from course_lib._checks import Array, check_array, check_number
from course_lib.architecture.initializers import Initializer, glorot
from course_lib.challenges.recurrent import RecurrentLayer


class LSTM(RecurrentLayer):
    """A recurrent layer with a gated memory.

    ``z = x @ W_x + h_prev @ W_h + b`` holds four numbers a hidden unit, in four blocks of H
    columns: ``i, f, o = σ(z_i), σ(z_f), σ(z_o)`` are the input, forget and output gates and
    ``g = tanh(z_g)`` is the candidate. Then ``c = f * c_prev + i * g`` and ``h = o * tanh(c)``.

    Parameters
    ----------
    inputs, hidden : int
        Numbers D of inputs a step and H of hidden units.
    rng : numpy.random.Generator
        Draws the first weights.
    initializer : callable, optional
        For W_x and W_h, each gate with fans of its own; Glorot's by default.
    forget_bias : float, optional
        Where the forget gate's bias starts: at 1, ``f = σ(1) ≈ 0.73``, so that a fresh cell
        remembers. The other biases start at 0.
    skip_padding : bool, optional
        Take the lengths from `find_lengths` when `forward` isn't given them: steps of zeros at a
        sequence's end are padding.
    dtype : dtype, optional
        float64 (default) or float32; inputs are converted to it.

    Attributes
    ----------
    W_x : Parameter of shape (D, 4H)
    W_h : Parameter of shape (H, 4H)
    b : Parameter of shape (4H,)
        Blocks in the order i, f, o, g.
    c : ndarray of shape (N, T, H), or None
        After `forward`: the memory after every step.
    dh, dc : ndarray of shape (N, T, H), or None
        After `backward`: ∂loss/∂h and ∂loss/∂c of every step, through its output and all later
        steps. Their norms over time show what the memory keeps alive.
    dh0, dc0 : ndarray of shape (N, H), or None
        After `backward`: ∂loss/∂h0 and ∂loss/∂c0.

    Raises
    ------
    ValueError, TypeError
        If an array has the wrong shape or holds no finite numbers, if lengths lie outside 1 … T,
        or if `train` is no bool (as when a state is passed in its place).
    RuntimeError
        From `backward` before `forward`.

    References
    ----------
    Hochreiter and Schmidhuber (1997), "Long short-term memory". Gers, Schmidhuber and Cummins
    (2000), "Learning to forget" (the forget gate). Jozefowicz, Zaremba and Sutskever (2015), "An
    empirical exploration of recurrent network architectures" (its bias of 1).

    Examples
    --------
    >>> layer = LSTM(20, 32, rng=np.random.default_rng(0))
    >>> layer.forward(np.ones((5, 7, 20))).shape
    (5, 7, 32)
    """

    gates = 4

    def __init__(
        self,
        inputs: int,
        hidden: int,
        *,
        rng: np.random.Generator,
        initializer: Initializer = glorot,
        forget_bias: float = 1.0,
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
        self.b.value[hidden : 2 * hidden] = check_number(forget_bias, "LSTM", "forget_bias")
        self.c: Array | None = None
        self.dc: Array | None = None
        self.dh0: Array | None = None
        self.dc0: Array | None = None
        self._kept: tuple[Array, ...] | None = None
        self._real: Array | None = None
        self._work: tuple[Array, Array, Array] | None = None

    def forward(
        self,
        x: ArrayLike,
        train: bool = False,
        *,
        h0: ArrayLike | None = None,
        c0: ArrayLike | None = None,
        lengths: ArrayLike | None = None,
    ) -> Array:
        """Return the states h of all steps; see the class for the formulas.

        Parameters
        ----------
        x : array_like of shape (N, T, D)
        train : bool, optional
            Makes no difference here.
        h0, c0 : array_like of shape (N, H), optional
            State and memory before the first step; zeros by default. To go on where a batch
            ended: ``h0=h[:, -1], c0=layer.c[:, -1]``.
        lengths : array_like of int, shape (N,), optional
            Real steps of each sequence, 1 … T. Over padding, state and memory repeat.

        Returns
        -------
        ndarray of shape (N, T, H)
        """
        x, real = self._read(x, train, lengths)
        T, N, D = x.shape
        W = self._stack_weights()
        H = len(W) // 4
        # Sequences are columns here, (features, N) at each step: then a gate's rows lie together in
        # memory. Input, 1 and previous state stand in one column, so that a single product is
        # x @ W_x + b + h_prev @ W_h.
        columns = np.empty((T + 1, D + 1 + H, N), W.dtype)
        columns[:T, :D] = x.transpose(0, 2, 1)
        columns[:T, D] = 1
        h = columns[:, D + 1 :]  # h[t + 1] is the state after step t
        c = np.empty((T + 1, H, N), W.dtype)
        h[0], c[0] = self._first_state(h0, "h0", N).T, self._first_state(c0, "c0", N).T
        z, _, tanh_c = self._workspace(T, N)
        # σ(z) = (1 + tanh(z / 2)) / 2 never overflows; with half the weights for i, f and o, one
        # call of tanh serves all four blocks.
        W[: 3 * H] *= 0.5
        blocks = np.ascontiguousarray(W).reshape(
            4, H, -1
        )  # four small products are faster than one
        for t in range(T):
            i, f, o, g = gates = z[t].reshape(4, H, N)
            np.matmul(blocks, columns[t], out=gates)
            np.tanh(gates, out=gates)
            sigmoids = gates[:3]
            sigmoids *= 0.5
            sigmoids += 0.5
            np.multiply(i, g, out=c[t + 1])
            c[t + 1] += f * c[t]
            np.tanh(c[t + 1], out=tanh_c[t])
            np.multiply(o, tanh_c[t], out=h[t + 1])
            if real is not None:
                padding = ~real[t].T
                np.copyto(c[t + 1], c[t], where=padding)
                np.copyto(h[t + 1], h[t], where=padding)
        self._kept, self._real = (columns, c, tanh_c, z), real
        self.c = c[1:].transpose(2, 0, 1)
        return h[1:].transpose(2, 0, 1)

    def backward(self, dy: Array) -> Array:
        """Go back through time: add to the gradients of W_x, W_h and b, and return that of x.

        From the last step to the first: ``dh = dy + dh_next``,
        ``dc = dc_next + dh * o * (1 - tanh(c)**2)``; the slopes of the four blocks,
        ``dz_i = dc * g * i * (1 - i)``, ``dz_f = dc * c_prev * f * (1 - f)``,
        ``dz_o = dh * tanh(c) * o * (1 - o)``, ``dz_g = dc * i * (1 - g**2)``; then
        ``dh_prev = dz @ W_h.T`` and ``dc_prev = dc * f``.
        dy has shape (N, T, H), dx has shape (N, T, D).
        """
        columns, c, tanh_c, gates = self._after_forward(self._kept)
        real, W = self._real, self._stack_weights().T.copy()  # (D + 1 + H, 4H)
        T, H, N = tanh_c.shape
        D = len(W) - 1 - H
        h = columns[:, D + 1 :]
        dy = check_array(dy, "LSTM.backward", "dy", (N, T, H), W.dtype)
        dy = np.ascontiguousarray(dy.transpose(1, 2, 0))  # (T, H, N)
        _, dz, _ = self._workspace(T, N)
        dcolumns = np.empty_like(columns[:T])
        dh, dc, slopes = np.empty_like(tanh_c), np.empty_like(tanh_c), np.empty_like(gates[0])
        dh_next, dc_next = np.zeros_like(c[0]), np.zeros_like(c[0])
        for t in reversed(range(T)):
            i, f, o, g = gates[t].reshape(4, H, N)
            dz_i, dz_f, dz_o, dz_g = dz[t].reshape(4, H, N)
            np.add(dy[t], dh_next, out=dh[t])
            np.multiply(h[t + 1], tanh_c[t], out=dc[t])
            np.subtract(o, dc[t], out=dc[t])  # o * (1 - tanh(c)**2), because h = o * tanh(c)
            dc[t] *= dh[t]
            dc[t] += dc_next
            if real is not None:  # over padding h is h_prev, and doesn't depend on c
                np.copyto(dc[t], dc_next, where=~real[t].T)
            np.multiply(dc[t], g, out=dz_i)
            np.multiply(dc[t], c[t], out=dz_f)
            np.multiply(dh[t], tanh_c[t], out=dz_o)
            np.multiply(dc[t], i, out=dz_g)
            np.multiply(gates[t], gates[t], out=slopes)
            np.subtract(gates[t, : 3 * H], slopes[: 3 * H], out=slopes[: 3 * H])  # σ * (1 - σ)
            np.subtract(1, slopes[3 * H :], out=slopes[3 * H :])
            dz[t] *= slopes
            if real is not None:
                dz[t] *= real[t].T
            dh_next = np.matmul(W, dz[t], out=dcolumns[t])[D + 1 :]
            dc_next = dc[t] * f
            if real is not None:  # padding hands both gradients on as they came
                dh_next += dh[t] * ~real[t].T
                np.copyto(dc_next, dc[t], where=~real[t].T)
        self.dh, self.dc = dh.transpose(2, 0, 1), dc.transpose(2, 0, 1)
        self.dh0, self.dc0 = dh_next.T, dc_next.T
        rows, dz = (steps.transpose(1, 0, 2).reshape(-1, T * N) for steps in (columns[:T], dz))
        dW = rows @ dz.T  # (D + 1 + H, 4H)
        self.W_x.grad += dW[:D]
        self.b.grad += dW[D]
        self.W_h.grad += dW[D + 1 :]
        return dcolumns[:, :D].transpose(2, 0, 1)

    def _stack_weights(self) -> Array:
        """Return W_x, b and W_h below each other, turned: a copy of shape (4H, D + 1 + H)."""
        W_x, W_h, b = (parameter.value for parameter in self.parameters())
        return np.concatenate([W_x.T, b[:, None], W_h.T], axis=1)

    def _workspace(self, T: int, N: int) -> tuple[Array, Array, Array]:
        """Return arrays for z and dz, (T, 4H, N), and tanh(c), (T, H, N): the same ones each time.

        Fresh memory comes from the system page by page, which takes about as long as the
        arithmetic does; training asks for the same shapes again and again.
        """
        H = len(self.W_h.value)
        if self._work is None or self._work[2].shape != (T, H, N):
            shapes = (T, 4 * H, N), (T, 4 * H, N), (T, H, N)
            z, dz, tanh_c = (np.empty(shape, self.W_h.value.dtype) for shape in shapes)
            self._work = z, dz, tanh_c
        return self._work
