"""Attention: every step asks a question, and takes from all steps in proportion to how they answer.

Equation: ``y = softmax(q @ k.T / sqrt(D)) @ v``.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_lib._checks import Array, check_array, check_count, keep_float32


def causal_mask(steps: int) -> NDArray[np.bool_]:
    """Let each step look at itself and at what came before it.

    Parameters
    ----------
    steps : int
        Length T of the sequence.

    Returns
    -------
    ndarray of bool, shape (T, T)
        Row: who looks. Column: at whom. True where looking is allowed.

    Examples
    --------
    >>> causal_mask(3)
    array([[ True, False, False],
           [ True,  True, False],
           [ True,  True,  True]])
    """
    return np.tri(check_count(steps, "causal_mask", "steps"), dtype=bool)


def attention(
    q: ArrayLike, k: ArrayLike, v: ArrayLike, mask: ArrayLike | None = None
) -> tuple[Array, Array]:
    """Scaled dot-product attention: ``y = weights @ v``, ``weights = softmax(q @ k.T / sqrt(D))``.

    A dot product of D random numbers of variance 1 has variance D; the square root brings it
    back to 1, where the softmax still has a slope.

    Parameters
    ----------
    q : array_like of shape (..., T, D)
        Queries, one a step that looks.
    k : array_like of shape (..., S, D)
        Keys, one a step that is looked at.
    v : array_like of shape (..., S, E)
        Values, what is taken from each step.
    mask : array_like of bool, broadcastable to (..., T, S), optional
        True where looking is allowed; elsewhere the weight is 0.

    Returns
    -------
    y : ndarray of shape (..., T, E)
    weights : ndarray of shape (..., T, S)
        At least 0, with sum 1 along the last axis.

    Raises
    ------
    ValueError, TypeError
        If shapes don't fit together, if a number is not finite, if `mask` is not of bools, or if
        it leaves a query nothing to look at.

    References
    ----------
    Vaswani et al. (2017), "Attention is all you need", section 3.2.1.

    Examples
    --------
    >>> k, v = np.array([[10.0, 0.0], [0.0, 10.0]]), np.array([[1.0], [2.0]])
    >>> y, weights = attention([[10.0, 0.0], [0.0, 0.0]], k, v)
    >>> y
    array([[1. ], [1.5]])
    >>> weights.round(3)
    array([[1. , 0. ],
           [0.5, 0.5]])
    """
    dtype = keep_float32(q)
    q, k, v = (
        check_array(array, "attention", name, None, dtype)
        for array, name in ((q, "q"), (k, "k"), (v, "v"))
    )
    fits = q.ndim >= 2 and q.ndim == k.ndim == v.ndim and q.shape[:-2] == k.shape[:-2]
    if not fits or q.shape[-1] != k.shape[-1] or k.shape[:-1] != v.shape[:-1]:
        raise ValueError(
            f"attention expected q (..., T, D), k (..., S, D) and v (..., S, E), "
            f"got {q.shape}, {k.shape} and {v.shape}"
        )
    scores = q @ k.swapaxes(-1, -2)  # (..., T, S)
    scores *= 1 / np.sqrt(q.dtype.type(q.shape[-1]))
    if mask is not None:
        scores = np.where(_check_mask(mask, scores.shape), scores, -np.inf)
    scores -= scores.max(axis=-1, keepdims=True)
    weights = np.exp(scores, out=scores)
    weights /= weights.sum(axis=-1, keepdims=True)
    return weights @ v, weights


def attention_backward(
    dy: ArrayLike, q: Array, k: Array, v: Array, weights: Array
) -> tuple[Array, Array, Array]:
    """Return the gradients of `attention` with respect to its queries, keys and values.

    ``dv = weights.T @ dy``; ``dweights = dy @ v.T``; through the softmax,
    ``dscores = weights * (dweights - (dweights * weights).sum(axis=-1)) / sqrt(D)``; then
    ``dq = dscores @ k`` and ``dk = dscores.T @ q``. A masked weight is 0, and so is its gradient.

    Parameters
    ----------
    dy : array_like of shape (..., T, E)
    q, k, v : ndarray
        What `attention` was given.
    weights : ndarray of shape (..., T, S)
        What it returned.

    Returns
    -------
    dq, dk, dv : ndarray
        Of the shapes of q, k and v.

    Examples
    --------
    >>> q, k, v = np.zeros((1, 2)), np.ones((2, 2)), np.array([[1.0], [2.0]])
    >>> y, weights = attention(q, k, v)
    >>> dq, dk, dv = attention_backward(np.ones((1, 1)), q, k, v, weights)
    >>> dv
    array([[0.5], [0.5]])
    """
    dy = check_array(
        dy, "attention_backward", "dy", (*weights.shape[:-1], v.shape[-1]), weights.dtype
    )
    dv = weights.swapaxes(-1, -2) @ dy  # (..., S, E)
    dweights = dy @ v.swapaxes(-1, -2)  # (..., T, S)
    dscores = weights * (dweights - (dweights * weights).sum(axis=-1, keepdims=True))
    dscores *= 1 / np.sqrt(q.dtype.type(q.shape[-1]))
    dq = dscores @ k  # (..., T, D)
    dk = dscores.swapaxes(-1, -2) @ q  # (..., S, D)
    return dq, dk, dv


def _check_mask(mask: ArrayLike, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    mask = np.asarray(mask)
    if mask.dtype != bool:
        raise TypeError(f"attention expected mask to hold True and False, got dtype {mask.dtype}")
    try:
        mask = np.broadcast_to(mask, shape)
    except ValueError:
        raise ValueError(
            f"attention expected a mask that broadcasts to {shape}, got {mask.shape}"
        ) from None
    if not mask.any(axis=-1).all():
        raise ValueError("attention expected mask to leave each query a key, got a row of False")
    return mask
