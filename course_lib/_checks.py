"""Checks of what a caller passes in, so that every error says what was expected and what came."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

Array = NDArray[Any]
Dimension = int | str


def describe_shape(shape: Sequence[Dimension]) -> str:
    """Write a shape as the documentation does: ``(N, 64)``; free axes are named by letters."""
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def check_array(
    x: ArrayLike,
    owner: str,
    name: str,
    shape: Sequence[Dimension] | None,
    dtype: DTypeLike = np.float64,
) -> Array:
    """Return `x` as a finite, non-empty array of the wanted shape and dtype.

    Parameters
    ----------
    x : array_like
        What the caller passed.
    owner, name : str
        Who asks, and how it calls the argument; both appear in the error.
    shape : sequence of int or str, or None
        An integer fixes an axis; a name such as ``"N"`` leaves it free. None accepts any shape.
    dtype : dtype
        Floating dtype of the result. An array that already has it is not copied.

    Raises
    ------
    TypeError
        If `x` does not hold numbers.
    ValueError
        If the shape differs, an axis is empty, or a value is NaN or infinite.
    """
    try:
        array = np.asarray(x)
    except ValueError as error:
        raise TypeError(f"{owner} expected {name} to be a numeric array: {error}") from None
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{owner} expected {name} to hold real numbers, got dtype {array.dtype}")
    if shape is not None and (
        array.ndim != len(shape)
        or any(
            want != got
            for want, got in zip(shape, array.shape, strict=True)
            if not isinstance(want, str)
        )
    ):
        raise ValueError(
            f"{owner} expected {name} of shape {describe_shape(shape)}, got {array.shape}"
        )
    if array.size == 0:
        raise ValueError(f"{owner} expected {name} not to be empty, got shape {array.shape}")
    array = array.astype(dtype, copy=False)
    # One dot product finds a NaN or an infinity many times faster than isfinite over the array;
    # it can also overflow on huge finite values, so only isfinite may convict.
    flat = array.ravel()
    with np.errstate(over="ignore"):
        square = np.dot(flat, flat)
    if not math.isfinite(square) and not np.isfinite(array).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise ValueError(f"{owner} expected finite {name}, got {array[where]} at index {where}")
    return array


def check_labels(y: ArrayLike, owner: str, name: str, size: int, classes: int) -> NDArray[np.int64]:
    """Return `y` as integer labels of shape (`size`,) with values in 0 … `classes` − 1.

    Raises
    ------
    TypeError
        If `y` does not hold integers (whole floats are refused too: they are often scores).
    ValueError
        If the length differs, or a label is out of range.
    """
    labels = np.asarray(y)
    if labels.dtype.kind not in "iub":
        raise TypeError(f"{owner} expected {name} to hold integer labels, got dtype {labels.dtype}")
    if labels.shape != (size,):
        raise ValueError(f"{owner} expected {name} of shape ({size},), got {labels.shape}")
    if size == 0:
        raise ValueError(f"{owner} expected {name} not to be empty, got shape {labels.shape}")
    outside = (labels < 0) | (labels >= classes)
    if outside.any():
        raise ValueError(
            f"{owner} expected {name} between 0 and {classes - 1}, got {labels[outside][0]}"
        )
    return labels.astype(np.int64, copy=False)


def check_positive(value: float, owner: str, name: str) -> float:
    """Return a finite number above zero, or raise a `ValueError` that names the argument."""
    if not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{owner} expected {name} to be a number, got {value!r}")
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{owner} expected {name} above 0, got {value}")
    return float(value)


def check_not_negative(value: float, owner: str, name: str) -> float:
    """Return a finite number of at least zero, or raise an error that names the argument."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{owner} expected {name} to be a number, got {value!r}")
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"{owner} expected {name} of at least 0, got {value}")
    return float(value)


def check_count(value: int, owner: str, name: str, least: int = 1) -> int:
    """Return a whole number of at least `least`, or raise an error that names the argument."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{owner} expected {name} to be a whole number, got {value!r}")
    if value < least:
        raise ValueError(f"{owner} expected {name} of at least {least}, got {value}")
    return int(value)


def check_rng(rng: np.random.Generator, owner: str) -> np.random.Generator:
    """Return the generator, or raise a `TypeError` that shows how to make one."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            f"{owner} expected rng from np.random.default_rng(seed), got {type(rng).__name__}"
        )
    return rng
