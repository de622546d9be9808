"""Where the values of a hyperparameter come from.

Equation of a scale-free draw: ``value = exp(u)``, with u uniform in [log(low), log(high)].
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_lib._checks import check_number, check_positive, check_rng


class Distribution(ABC):
    """Where the values of one hyperparameter come from."""

    @abstractmethod
    def sample(self, rng: np.random.Generator) -> Any:
        """Draw one value; `random_search` calls this once a trial."""


def _check_bounds(low: float, high: float, owner: str) -> None:
    if not check_number(low, owner, "low") < check_number(high, owner, "high"):
        raise ValueError(f"{owner} expected low below high, got {low} and {high}")


@dataclass(frozen=True)
class Uniform(Distribution):
    """Any number between `low` and `high`, all equally likely.

    Raises
    ------
    TypeError, ValueError
        Unless both bounds are finite numbers and low < high.

    Examples
    --------
    >>> 0.1 <= Uniform(0.1, 0.5).sample(np.random.default_rng(0)) < 0.5
    True
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        _check_bounds(self.low, self.high, "Uniform")

    def sample(self, rng: np.random.Generator) -> float:
        """Draw one number."""
        return float(check_rng(rng, "Uniform.sample").uniform(self.low, self.high))


@dataclass(frozen=True)
class LogUniform(Distribution):
    """Any number between `low` and `high`, each factor of ten equally likely.

    Made for learning rates and penalties, of which the order of magnitude is unknown:
    ``value = exp(u)``, with u uniform in [log(low), log(high)].

    Raises
    ------
    TypeError, ValueError
        Unless both bounds are finite numbers and 0 < low < high.

    References
    ----------
    Bergstra and Bengio (2012), "Random search for hyper-parameter optimization", JMLR 13.

    Examples
    --------
    >>> rates = LogUniform(1e-4, 1e-2)
    >>> rng = np.random.default_rng(0)
    >>> below = [rates.sample(rng) < 1e-3 for _ in range(1000)]
    >>> 450 < sum(below) < 550
    True
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        check_positive(self.low, "LogUniform", "low")
        _check_bounds(self.low, self.high, "LogUniform")

    def sample(self, rng: np.random.Generator) -> float:
        """Draw one number."""
        u = check_rng(rng, "LogUniform.sample").uniform(math.log(self.low), math.log(self.high))
        value = math.exp(u)
        return min(max(value, self.low), self.high)  # exp(log(low)) can round to just below low


@dataclass(frozen=True)
class IntegerUniform(Distribution):
    """A whole number from `low` to `high`, both included, all equally likely.

    Raises
    ------
    TypeError, ValueError
        Unless both bounds are whole numbers and low < high.

    Examples
    --------
    >>> layers = IntegerUniform(1, 3)
    >>> rng = np.random.default_rng(0)
    >>> sorted({layers.sample(rng) for _ in range(100)})
    [1, 2, 3]
    """

    low: int
    high: int

    def __post_init__(self) -> None:
        for name, value in (("low", self.low), ("high", self.high)):
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
                raise TypeError(f"IntegerUniform expected {name} as a whole number, got {value!r}")
        _check_bounds(self.low, self.high, "IntegerUniform")

    def sample(self, rng: np.random.Generator) -> int:
        """Draw one whole number."""
        return int(check_rng(rng, "IntegerUniform.sample").integers(self.low, self.high + 1))


class Choice(Distribution):
    """One of several values of any kind, all equally likely.

    Parameters
    ----------
    options : sequence
        At least one value; drawn values are the very objects.

    Raises
    ------
    TypeError, ValueError
        If the options are no sequence, are a string, or are none.

    Examples
    --------
    >>> Choice([16, 32, 64]).sample(np.random.default_rng(0)) in (16, 32, 64)
    True
    """

    def __init__(self, options: Sequence[Any]) -> None:
        self.options = check_options(options, "Choice", "options")

    def sample(self, rng: np.random.Generator) -> Any:
        """Draw one of the options."""
        return self.options[int(check_rng(rng, "Choice.sample").integers(len(self.options)))]

    def __repr__(self) -> str:
        return f"Choice({list(self.options)!r})"


def check_options(options: Sequence[Any], owner: str, name: str) -> tuple[Any, ...]:
    """Return a list of values as a tuple, or raise an error that names the argument."""
    # A string is a sequence of letters, which nobody means to try one after the other.
    if isinstance(options, (str, bytes)) or not isinstance(options, (Sequence, np.ndarray)):
        raise TypeError(f"{owner} expected {name} as a list of values, got {options!r}")
    if len(options) == 0:
        raise ValueError(f"{owner} expected at least one value in {name}, got none")
    return tuple(options)
