"""Which settings to try: every point of a grid, or points drawn at random.

Equation of a grid's size: ``trials = n_1 * n_2 * … * n_k`` for k hyperparameters.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from course_lib._checks import check_count, check_rng
from course_lib.challenges.distributions import Distribution, check_options


def _check_space(space: Mapping[str, Any], owner: str) -> None:
    if not isinstance(space, Mapping):
        raise TypeError(f"{owner} expected space as a dictionary, got {type(space).__name__}")
    if not space:
        raise ValueError(f"{owner} expected at least one hyperparameter in space, got none")


def grid(space: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, Any]]:
    """Combine every value of each hyperparameter with every value of the others.

    Parameters
    ----------
    space : dict
        Name → list of values.

    Yields
    ------
    dict
        Name → value; the last name changes fastest.

    Raises
    ------
    TypeError, ValueError
        If the space is no dictionary, is empty, or a name has no list of values.

    Examples
    --------
    >>> for parameters in grid({"lr": [0.1, 0.01], "width": [16, 32]}):
    ...     print(parameters)
    {'lr': 0.1, 'width': 16}
    {'lr': 0.1, 'width': 32}
    {'lr': 0.01, 'width': 16}
    {'lr': 0.01, 'width': 32}
    """
    _check_space(space, "grid")
    options = [check_options(values, "grid", f"space[{name!r}]") for name, values in space.items()]
    names = tuple(space)
    return (dict(zip(names, point, strict=True)) for point in itertools.product(*options))


def random_search(
    space: Mapping[str, Distribution], trials: int, *, rng: np.random.Generator
) -> Iterator[dict[str, Any]]:
    """Draw every hyperparameter afresh for each trial.

    With two hyperparameters of which one matters, nine random trials test nine values of it;
    a grid of nine tests three.

    Parameters
    ----------
    space : dict
        Name → distribution.
    trials : int
        How many draws. Fewer trials from an equal generator are the first ones of more.
    rng : numpy.random.Generator
        Where the random numbers come from.

    Yields
    ------
    dict
        Name → value.

    Raises
    ------
    TypeError, ValueError
        If the space is no dictionary, is empty, or holds something else than distributions;
        if `trials` is no whole number above 0.

    References
    ----------
    Bergstra and Bengio (2012), "Random search for hyper-parameter optimization", JMLR 13.

    Examples
    --------
    >>> from course_lib.challenges.distributions import Choice, LogUniform
    >>> space = {"lr": LogUniform(1e-4, 1e-1), "width": Choice([16, 32])}
    >>> len(list(random_search(space, 5, rng=np.random.default_rng(0))))
    5
    """
    _check_space(space, "random_search")
    for name, distribution in space.items():
        if not isinstance(distribution, Distribution):
            raise TypeError(
                f"random_search expected space[{name!r}] as a distribution such as "
                f"Uniform(0, 1), got {distribution!r}"
            )
    trials = check_count(trials, "random_search", "trials")
    check_rng(rng, "random_search")
    return (
        {name: distribution.sample(rng) for name, distribution in space.items()}
        for _ in range(trials)
    )
