"""Schedules: which learning rate to use at which step.

Equation of the cosine: ``lr(step) = last + (lr - last) * (1 + cos(π * step / steps)) / 2``.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import cos, pi

from course_lib._checks import check_count, check_positive


class Schedule(ABC):
    """A function of the step, counted from 0: ``schedule(step)`` is the learning rate.

    Examples
    --------
    >>> class Harmonic(Schedule):
    ...     def rate(self, step):
    ...         return 1 / (step + 1)
    >>> Harmonic()(3)
    0.25
    """

    def __call__(self, step: int) -> float:
        """Return the learning rate at a step of at least 0, or raise ValueError or TypeError."""
        return self.rate(check_count(step, type(self).__name__, "step", least=0))

    @abstractmethod
    def rate(self, step: int) -> float:
        """Return the learning rate; called by ``schedule(step)`` with a checked step."""


def _check_last(last: float, lr: float, owner: str) -> None:
    if not 0 <= last <= lr:
        raise ValueError(f"{owner} expected last between 0 and lr = {lr:g}, got {last}")


@dataclass(frozen=True)
class ConstantRate(Schedule):
    """The same rate always.

    Parameters
    ----------
    lr : float
        Above 0.

    Examples
    --------
    >>> ConstantRate(0.1)(1000)
    0.1
    """

    lr: float

    def __post_init__(self) -> None:
        check_positive(self.lr, "ConstantRate", "lr")

    def rate(self, step: int) -> float:
        """Return ``lr``."""
        return self.lr


@dataclass(frozen=True)
class StepDecay(Schedule):
    """The rate drops by a factor after every so many steps.

    Parameters
    ----------
    lr : float
        Rate of the first steps, above 0.
    every : int
        Steps from drop to drop, at least 1.
    factor : float, optional
        What the rate is multiplied by, in (0, 1).

    Examples
    --------
    >>> schedule = StepDecay(0.8, every=10, factor=0.5)
    >>> [schedule(step) for step in (0, 9, 10, 20)]
    [0.8, 0.8, 0.4, 0.2]
    """

    lr: float
    every: int
    factor: float = 0.1

    def __post_init__(self) -> None:
        check_positive(self.lr, "StepDecay", "lr")
        check_count(self.every, "StepDecay", "every")
        if not 0 < check_positive(self.factor, "StepDecay", "factor") < 1:
            raise ValueError(f"StepDecay expected factor in (0, 1), got {self.factor}")

    def rate(self, step: int) -> float:
        """Return ``lr * factor ** (step // every)``."""
        return float(self.lr * self.factor ** (step // self.every))


@dataclass(frozen=True)
class Cosine(Schedule):
    """The rate falls along half a cosine wave: slowly, then fast, then slowly.

    Parameters
    ----------
    lr : float
        Rate of step 0, above 0.
    steps : int
        The step at which the last rate is reached, at least 1; later steps keep it.
    last : float, optional
        The last rate, from 0 to `lr`.

    References
    ----------
    Loshchilov and Hutter (2017), "SGDR: stochastic gradient descent with warm restarts",
    equation 5, without restarts.

    Examples
    --------
    >>> schedule = Cosine(0.2, steps=100)
    >>> [round(schedule(step), 3) for step in (0, 50, 100, 200)]
    [0.2, 0.1, 0.0, 0.0]
    """

    lr: float
    steps: int
    last: float = 0.0

    def __post_init__(self) -> None:
        check_positive(self.lr, "Cosine", "lr")
        check_count(self.steps, "Cosine", "steps")
        _check_last(self.last, self.lr, "Cosine")

    def rate(self, step: int) -> float:
        """Return ``last + (lr - last) * (1 + cos(π * step / steps)) / 2``."""
        lr, last, steps = self.lr, self.last, self.steps
        step = min(step, steps)
        return last + (lr - last) * (1 + cos(pi * step / steps)) / 2


@dataclass(frozen=True)
class WarmupCosine(Schedule):
    """The rate climbs in a straight line, then falls along half a cosine wave.

    Early gradients are large and their running averages are young; small first steps survive
    that.

    Parameters
    ----------
    lr : float
        The highest rate, reached at step ``warmup - 1``; above 0.
    warmup : int
        Steps of the climb, at least 1.
    steps : int
        The step at which the last rate is reached, above `warmup`.
    last : float, optional
        The last rate, from 0 to `lr`.

    References
    ----------
    Goyal et al. (2017), "Accurate, large minibatch SGD: training ImageNet in 1 hour",
    section 2.2, for the climb.

    Examples
    --------
    >>> schedule = WarmupCosine(0.4, warmup=4, steps=14)
    >>> [round(schedule(step), 3) for step in (0, 1, 3, 4, 9, 14)]
    [0.1, 0.2, 0.4, 0.4, 0.2, 0.0]
    """

    lr: float
    warmup: int
    steps: int
    last: float = 0.0

    def __post_init__(self) -> None:
        check_positive(self.lr, "WarmupCosine", "lr")
        check_count(self.warmup, "WarmupCosine", "warmup")
        check_count(self.steps, "WarmupCosine", "steps", least=self.warmup + 1)
        _check_last(self.last, self.lr, "WarmupCosine")

    def rate(self, step: int) -> float:
        """Return ``lr * (step + 1) / warmup`` at first, later that of `Cosine`."""
        if step < self.warmup:
            return self.lr * (step + 1) / self.warmup
        return Cosine(self.lr, self.steps - self.warmup, self.last).rate(step - self.warmup)
