"""Checks of what a caller passes in, so that every error says what was expected and what came."""

import math
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

Array = NDArray[Any]
Dimension = int | str
Cached = TypeVar("Cached")


class NotFiniteError(ValueError):
    """A NaN or an infinity where a finite number was expected, as when training diverges."""


def describe_shape(shape: Sequence[Dimension]) -> str:
    """Write a shape as the documentation does: ``(N, 64)``; free axes are named by letters."""
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def _fits(shape: tuple[int, ...], wanted: Sequence[Dimension]) -> bool:
    if shape == wanted:
        return True
    if len(shape) != len(wanted):
        return False
    for got, want in zip(shape, wanted, strict=True):
        if got != want and not isinstance(want, str):
            return False
    return True


def as_array(x: ArrayLike, owner: str, name: str) -> Array:
    """Return `x` as an array, or raise a `TypeError` if its rows are not equally long."""
    try:
        return np.asarray(x)
    except ValueError as error:
        raise TypeError(f"{owner} expected {name} to be a numeric array: {error}") from None


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
        If the shape differs or an axis is empty.
    NotFiniteError
        If a value is NaN or infinite; a kind of `ValueError`.
    """
    array = as_array(x, owner, name)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{owner} expected {name} to hold real numbers, got dtype {array.dtype}")
    if shape is not None and not _fits(array.shape, shape):
        raise ValueError(
            f"{owner} expected {name} of shape {describe_shape(shape)}, got {array.shape}"
        )
    if array.size == 0:
        raise ValueError(f"{owner} expected {name} not to be empty, got shape {array.shape}")
    if array.dtype != dtype:
        with np.errstate(over="ignore"):  # too large for float32: reported as infinite below
            array = array.astype(dtype)
    # One dot product finds a NaN or an infinity many times faster than isfinite over the array;
    # it can also overflow on huge finite values, so only isfinite may convict. (vdot, unlike dot,
    # overflows without a warning.)
    flat = array.ravel(order="K")  # as it lies in memory: no copy, whatever the order of its axes
    if not math.isfinite(np.vdot(flat, flat)) and not np.isfinite(array).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise NotFiniteError(f"{owner} expected finite {name}, got {array[where]} at index {where}")
    return array


def keep_float32(x: ArrayLike) -> DTypeLike:
    """Return the dtype to compute with: float32 for a float32 array, float64 for all else."""
    return np.float32 if getattr(x, "dtype", None) == np.float32 else np.float64


def check_labels(y: ArrayLike, owner: str, name: str, size: int, classes: int) -> NDArray[np.int64]:
    """Return `y` as integer labels of shape (`size`,) with values in 0 … `classes` − 1.

    Raises
    ------
    TypeError
        If `y` does not hold integers (whole floats are refused too: they are often scores).
    ValueError
        If the length differs, or a label is out of range.
    """
    labels = as_array(y, owner, name)
    if labels.size and labels.dtype.kind not in "iub":
        raise TypeError(f"{owner} expected {name} to hold integer labels, got dtype {labels.dtype}")
    if labels.shape != (size,):
        raise ValueError(f"{owner} expected {name} of shape ({size},), got {labels.shape}")
    if size == 0:
        raise ValueError(f"{owner} expected {name} not to be empty, got shape {labels.shape}")
    outside = (labels < 0) | (labels >= classes)
    if np.count_nonzero(outside):  # several times faster than any() on a small batch
        raise ValueError(
            f"{owner} expected {name} between 0 and {classes - 1}, got {labels[outside][0]}"
        )
    return labels.astype(np.int64, copy=False)


def check_number(value: float, owner: str, name: str) -> float:
    """Return a finite number as a float, or raise an error that names the argument."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{owner} expected {name} to be a number, got {value!r}")
    if not math.isfinite(value):
        raise ValueError(f"{owner} expected a finite {name}, got {value}")
    return float(value)


def check_positive(value: float, owner: str, name: str) -> float:
    """Return a finite number above zero, or raise a `ValueError` that names the argument."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
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


def check_fraction(value: float, owner: str, name: str) -> float:
    """Return a number in [0, 1), or raise an error that names the argument."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{owner} expected {name} to be a number, got {value!r}")
    if not 0 <= value < 1:
        raise ValueError(f"{owner} expected {name} in [0, 1), got {value}")
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


def after_forward(cached: Cached | None, owner: str) -> Cached:
    """Return what `forward` kept, or raise a `RuntimeError` if there was no forward pass."""
    if cached is None:
        raise RuntimeError(f"{owner}.backward needs a forward pass first: call {owner}.forward")
    return cached
