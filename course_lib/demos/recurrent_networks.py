"""Demo of the chapter on recurrent networks: how long a network remembers, by cell.

Equation: ``reach[t] = norm(dh[t]) / norm(dh[T])``, the share of the gradient that comes to step t;
for an LSTM with dc, the gradient of its memory, in place of dh.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from course_lib._checks import Array
from course_lib.architecture import Dense, Sequential
from course_lib.challenges import LSTM, RNN, LastStep, clip_gradients
from course_lib.plotting import style
from course_lib.training import Adam, SoftmaxCrossEntropy, accuracy

LETTERS = "ABCD"
HIDDEN, BATCH = 16, 32
UPDATES, LOOK_EVERY = 200, 20
UNSEEN = 200
DELAYS = (2, 5, 10, 20, 40)
CELLS = ("RNN", "LSTM, forget bias 1", "LSTM, forget bias 4")
FLOOR = 1e-7  # what lies below is drawn here


def memory_task(
    N: int, delay: int, *, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Draw sequences of letters of which only the first one, which is marked, must be kept.

    Parameters
    ----------
    N : int
        Number of sequences.
    delay : int
        Letters that come after the first one.
    rng : numpy.random.Generator
        Draws the letters.

    Returns
    -------
    x : ndarray of float32, shape (N, delay + 1, 5)
        The first four inputs say which letter comes, the fifth is 1 at the first step only.
    y : ndarray of int, shape (N,)
        The first letter, 0 … 3.

    Examples
    --------
    >>> x, y = memory_task(1, 2, rng=np.random.default_rng(0))
    >>> x[0], y
    (array([[0., 0., 0., 1., 1.],
           [0., 0., 1., 0., 0.],
           [0., 0., 1., 0., 0.]], dtype=float32), array([3]))
    """
    K = len(LETTERS)
    letters = rng.integers(0, K, (N, delay + 1))
    x = np.zeros((N, delay + 1, K + 1), np.float32)
    x[:, :, :K] = np.eye(K)[letters]
    x[:, 0, K] = 1  # "remember this one"
    return x, letters[:, 0]


def make_network(cell: str, *, rng: np.random.Generator) -> Sequential:
    """Make a fresh network for `memory_task`, with one of `CELLS`.

    Examples
    --------
    >>> make_network("RNN", rng=np.random.default_rng(0)).layers[0]
    RNN(5, 16)
    """
    K, dtype = len(LETTERS), np.float32
    recurrent: RNN | LSTM
    if cell == CELLS[0]:
        recurrent = RNN(K + 1, HIDDEN, rng=rng, dtype=dtype)
    else:
        bias = float(cell.rpartition(" ")[2])
        recurrent = LSTM(K + 1, HIDDEN, rng=rng, forget_bias=bias, dtype=dtype)
    return Sequential(recurrent, LastStep(), Dense(HIDDEN, K, rng=rng, dtype=dtype))


@dataclass(frozen=True)
class Probe:
    """One training on `memory_task`, and how far gradients reach before it and after it.

    Attributes
    ----------
    updates : list of int
        When the network was asked about unseen sequences.
    right : list of float
        Share of its right answers then, in [0, 1].
    fresh, trained : ndarray of shape (delay + 1,)
        What `reach` gives for unseen sequences.
    """

    updates: list[int]
    right: list[float]
    fresh: Array
    trained: Array


def reach(layer: RNN | LSTM, x: ArrayLike) -> Array:
    """Return how much of the last step's gradient arrives at each step, mean over the sequences.

    Parameters
    ----------
    layer : RNN or LSTM
        Its gradients are lost.
    x : array_like of shape (N, T, D)

    Returns
    -------
    ndarray of shape (T,)
        ``reach[t] = norm(dh[t]) / norm(dh[T])``; for an LSTM with dc in place of dh.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> reach(RNN(3, 4, rng=rng), rng.normal(size=(10, 5, 3)))[-1]
    np.float64(1.0)
    """
    h = layer.forward(x)
    dy = np.zeros_like(h)  # only the last step is asked, in any direction
    dy[:, -1] = np.random.default_rng(0).normal(size=dy[:, -1].shape)
    layer.backward(dy)
    layer.zero_grad()
    gradient = layer.dc if isinstance(layer, LSTM) else layer.dh
    norm = np.linalg.norm(np.asarray(gradient), axis=2)  # (N, T)
    share: Array = (norm / norm[:, -1:]).mean(axis=0)
    return share


@cache
def probe(cell: str, delay: int, seed: int = 0) -> Probe:
    """Train a network with one of `CELLS` on sequences with this delay; look at it on the way.

    Examples
    --------
    >>> probe("RNN", 2).right[-1]
    1.0
    """
    rng = np.random.default_rng(seed)
    model = make_network(cell, rng=rng)
    recurrent = model.layers[0]
    assert isinstance(recurrent, RNN | LSTM)
    loss_fn, optimizer = SoftmaxCrossEntropy(), Adam(model.parameters(), lr=0.01)
    unseen, truth = memory_task(UNSEEN, delay, rng=np.random.default_rng(1000 + seed))

    def share_right() -> float:
        return accuracy(loss_fn.labels(model.forward(unseen)), truth)

    fresh, updates, right = reach(recurrent, unseen), [0], [share_right()]
    for update in range(1, UPDATES + 1):
        x, y = memory_task(BATCH, delay, rng=rng)
        loss_fn.forward(model.forward(x, train=True), y)
        model.zero_grad()
        model.backward(loss_fn.backward())
        clip_gradients(model.parameters(), 1.0)
        optimizer.step()
        if update % LOOK_EVERY == 0:
            updates.append(update)
            right.append(share_right())
    return Probe(updates, right, fresh, reach(recurrent, unseen))


def draw_probe(cell: str, delay: int) -> Figure:
    """Draw how a network learns to remember, and how far its gradients reach back.

    Parameters
    ----------
    cell : str
        One of `CELLS`.
    delay : int
        One of `DELAYS`: letters between the one to remember and the answer.

    Examples
    --------
    >>> draw_probe("RNN", 2).axes[0].get_xlabel()
    'updates'
    """
    result = probe(cell, delay)
    figure = style.figure(7.6, 3.6)
    left, right = figure.subplots(1, 2)
    left.axhline(1 / len(LETTERS), color=style.MUTED, linestyle=":")
    left.text(UPDATES, 1 / len(LETTERS) - 0.03, "guessing", color=style.MUTED, ha="right", va="top")
    left.plot(result.updates, result.right, color=style.VALIDATION, marker="o")
    left.set(xlim=(-5, UPDATES + 5), ylim=(0, 1.04), xlabel="updates")
    left.set_ylabel("unseen sequences answered right")
    left.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    left.set_title(f"{cell}: {result.right[-1]:.0%} right")
    back = np.arange(delay, -1, -1)
    for name, line, color, shares in (
        ("fresh", "--", style.MUTED, result.fresh),
        ("trained", "-", style.TRAIN, result.trained),
    ):
        right.plot(back, np.maximum(shares, FLOOR), line, color=color, label=name)
    right.set(xlim=(max(DELAYS) + 1, -1), ylim=(FLOOR, 30), yscale="log")
    right.set(xlabel="steps before the answer", ylabel="gradient that arrives")
    right.set_title(f"{delay} steps to remember")
    right.legend(loc="lower left")
    return figure


def describe_probe(cell: str, delay: int) -> str:
    """Say in words what `draw_probe` shows.

    Examples
    --------
    >>> describe_probe("RNN", 2)[:60]
    'RNN, first letter to be kept for 2 steps: after 200 updates '
    """
    result = probe(cell, delay)
    return (
        f"{cell}, first letter to be kept for {delay} steps: after {UPDATES} updates "
        f"{result.right[-1]:.0%} of unseen sequences are answered right; guessing gives 25%. Of "
        f"the gradient at the answer, a share of {result.fresh[0]:.2g} arrives at the first letter "
        f"in the fresh network, of {result.trained[0]:.2g} in the trained one."
    )
