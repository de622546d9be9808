"""Two yardsticks of the chapter on applications: an honest interval, and a rival that only counts.

Equation of the rival: ``p_n = (count + strength * p_shorter) / (total + strength)``.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_lib._checks import Array, check_count, check_labels, check_positive


def share_interval(right: int, N: int, *, z: float = 1.96) -> tuple[float, float]:
    """Return Wilson's interval for a share, of which N independent examples are seen.

    ``(p + z**2 / (2 * N) ± z * sqrt(p * (1 - p) / N + z**2 / (4 * N**2))) / (1 + z**2 / N)`` with
    ``p = right / N``. Unlike plus or minus two standard errors it does not shrink to a point
    where all answers were right.

    Parameters
    ----------
    right : int
        Number of right answers, 0 … N.
    N : int
        Number of answers, at least 1.
    z : float, optional
        Width in standard errors; 1.96 holds the true share in about 95% of all cases.

    Returns
    -------
    low, high : float

    Raises
    ------
    ValueError, TypeError
        If `right` or `N` is no count, or `right` is above `N`.

    References
    ----------
    Wilson (1927), "Probable inference, the law of succession, and statistical inference".

    Examples
    --------
    >>> low, high = share_interval(50, 50)
    >>> round(low, 3), high
    (0.929, 1.0)
    """
    N = check_count(N, "share_interval", "N")
    right = check_count(right, "share_interval", "right", 0)
    if right > N:
        raise ValueError(f"share_interval expected right of at most {N}, got {right}")
    z = check_positive(z, "share_interval", "z")
    p = right / N
    middle = p + z**2 / (2 * N)
    half = z * np.sqrt(p * (1 - p) / N + z**2 / (4 * N**2))
    scale = 1 + z**2 / N
    return max(0.0, float((middle - half) / scale)), min(1.0, float((middle + half) / scale))


class CharacterCounts:
    """A language model that only counts: how often did each character follow these few.

    ``p_n(c) = (count(context, c) + strength * p_shorter(c)) / (count(context) + strength)``, where
    the context is the last ``n - 1`` characters and `p_shorter` leaves out the earliest of them;
    below all stands ``1 / V``.

    Parameters
    ----------
    ids : array_like of int, shape (T,)
        The text to count in, longer than `order`.
    vocabulary : int
        Number V of characters.
    order : int
        Characters looked at together, the guessed one among them; at least 1.
    strength : float
        Above 0: with so many sightings a context is believed as much as the shorter one.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range.

    References
    ----------
    Shannon (1948) counted letters so; MacKay and Bauman Peto (1995), "A hierarchical Dirichlet
    language model", derive the mixture.

    Examples
    --------
    >>> model = CharacterCounts([0, 1, 0, 1, 0, 1], 2, order=2, strength=0.1)
    >>> model.predict([0, 1]).round(2)  # after 0, and after 1
    array([[0.02, 0.98],
           [0.98, 0.02]])
    """

    def __init__(self, ids: ArrayLike, vocabulary: int, *, order: int, strength: float) -> None:
        self._V = check_count(vocabulary, "CharacterCounts", "vocabulary")
        self._order = check_count(order, "CharacterCounts", "order")
        self._strength = check_positive(strength, "CharacterCounts", "strength")
        ids = check_labels(ids, "CharacterCounts", "ids", np.size(ids), self._V)
        if len(ids) <= order:
            raise ValueError(
                f"CharacterCounts expected more than {order} characters, got {len(ids)}"
            )
        self._tables: list[tuple[NDArray[np.int64], Array]] = []
        for n in range(1, order + 1):
            followed = self._contexts(ids, n - 1)[: len(ids) - n + 1]  # the last has no next one
            contexts, row = np.unique(followed, return_inverse=True)
            counts = np.zeros((len(contexts), self._V), np.float32)
            np.add.at(counts, (row, ids[n - 1 :]), 1)
            self._tables.append((contexts, counts))

    def predict(self, ids: ArrayLike, *, order: int | None = None) -> Array:
        """Return the probability of each character to come next, after each one.

        Parameters
        ----------
        ids : array_like of int, shape (T,)
        order : int, optional
            Use shorter contexts only: those of a model of this order.

        Returns
        -------
        ndarray of shape (T, V)
            Row t knows ``ids[: t + 1]``. Contexts that would begin before the text stay short.
        """
        ids = check_labels(ids, "CharacterCounts.predict", "ids", np.size(ids), self._V)
        order = check_count(order or self._order, "CharacterCounts.predict", "order")
        p: Array = np.full((len(ids), self._V), 1 / self._V)
        for n, (contexts, counts) in enumerate(self._tables[:order], start=1):
            wanted = self._contexts(ids, n - 1)
            first = len(ids) - len(wanted)
            row = np.searchsorted(contexts, wanted).clip(max=len(contexts) - 1)
            count = counts[row] * (contexts[row] == wanted)[:, None]
            total = count.sum(axis=1, keepdims=True, dtype=float)
            p[first:] = (count + self._strength * p[first:]) / (total + self._strength)
        return p

    def _contexts(self, ids: NDArray[np.int64], length: int) -> NDArray[np.int64]:
        """Write each run of `length` characters as one number in base V."""
        if length == 0:
            return np.zeros(len(ids), np.int64)
        windows = np.lib.stride_tricks.sliding_window_view(ids, length)  # (T - length + 1, length)
        return windows @ self._V ** np.arange(length, dtype=np.int64)


def perplexity(p: ArrayLike) -> float:
    """Return ``exp(-mean(log(p)))`` of the probabilities that the right characters were given.

    Parameters
    ----------
    p : array_like
        In (0, 1].

    Examples
    --------
    >>> round(perplexity([0.1, 0.1, 0.1]), 6)  # as unsure as between 10 equal choices
    10.0
    """
    return float(np.exp(-np.mean(np.log(p))))
