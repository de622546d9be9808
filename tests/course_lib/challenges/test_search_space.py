import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.challenges.distributions import Choice, IntegerUniform, LogUniform, Uniform
from course_lib.challenges.search_space import grid, random_search

finite = st.floats(-1e6, 1e6, allow_subnormal=False)
positive = st.floats(1e-12, 1e12)
seeds = st.integers(0, 2**32)


@settings(deadline=None)
@given(finite, finite, seeds)
def test_a_uniform_draw_lies_between_its_bounds(a, b, seed):
    low, high = min(a, b), max(a, b)
    if low < high:
        value = Uniform(low, high).sample(np.random.default_rng(seed))
        assert type(value) is float
        assert low <= value <= high


@settings(deadline=None)
@given(positive, positive, seeds)
def test_a_log_uniform_draw_lies_between_its_bounds(a, b, seed):
    low, high = min(a, b), max(a, b)
    if low < high:
        value = LogUniform(low, high).sample(np.random.default_rng(seed))
        assert type(value) is float
        assert low <= value <= high


def test_log_uniform_draws_are_uniform_in_the_exponent():
    rng = np.random.default_rng(1)
    exponents = np.sort([math.log10(LogUniform(1e-4, 1e2).sample(rng)) for _ in range(4000)])
    expected = np.linspace(-4, 2, 4000)
    # Kolmogorov-Smirnov: the largest distance of the distribution functions, times sqrt(n), is
    # above 1.95 in one of a thousand runs.
    assert np.abs(exponents - expected).max() / 6 * math.sqrt(4000) < 1.95


@settings(deadline=None)
@given(st.integers(-50, 50), st.integers(1, 5), seeds)
def test_whole_numbers_include_both_bounds_and_nothing_else(low, width, seed):
    rng = np.random.default_rng(seed)
    distribution = IntegerUniform(low, low + width)
    drawn = [distribution.sample(rng) for _ in range(200)]
    assert set(drawn) == set(range(low, low + width + 1))
    assert all(type(value) is int for value in drawn)


def test_a_choice_returns_the_very_objects():
    options = [object(), object()]
    rng = np.random.default_rng(0)
    drawn = [Choice(options).sample(rng) for _ in range(50)]
    assert {id(value) for value in drawn} == {id(value) for value in options}


@pytest.mark.parametrize("kind", [Uniform, LogUniform, IntegerUniform])
def test_bounds_in_the_wrong_order_are_refused(kind):
    with pytest.raises(ValueError, match=f"{kind.__name__} expected low below high, got 3 and 2"):
        kind(3, 2)
    with pytest.raises(ValueError, match="low below high"):
        kind(2, 2)


@pytest.mark.parametrize("kind", [Uniform, LogUniform, IntegerUniform])
def test_bounds_that_are_no_numbers_are_refused(kind):
    with pytest.raises(TypeError, match=f"{kind.__name__} expected high"):
        kind(1, "2")
    with pytest.raises(TypeError, match=f"{kind.__name__} expected low"):
        kind(True, 2)


def test_infinite_bounds_are_refused():
    with pytest.raises(ValueError, match="finite high"):
        Uniform(0, math.inf)
    with pytest.raises(ValueError, match="finite high"):
        LogUniform(1, math.inf)


@pytest.mark.parametrize("low", [0, -1.0])
def test_a_log_uniform_bound_of_zero_or_less_is_refused(low):
    with pytest.raises(ValueError, match="LogUniform expected low above 0"):
        LogUniform(low, 1)


def test_fractional_bounds_of_whole_numbers_are_refused():
    with pytest.raises(TypeError, match="IntegerUniform expected low as a whole number"):
        IntegerUniform(0.5, 3)


@pytest.mark.parametrize(
    ("options", "error"), [("relu", TypeError), (3, TypeError), ([], ValueError)]
)
def test_options_that_are_no_list_of_values_are_refused(options, error):
    with pytest.raises(error, match="Choice expected"):
        Choice(options)
    with pytest.raises(error, match=r"grid expected .*space\['lr'\]"):
        grid({"lr": options})


@pytest.mark.parametrize(
    "distribution", [Uniform(0, 1), LogUniform(1, 2), IntegerUniform(1, 2), Choice([1])]
)
def test_every_distribution_asks_for_a_generator(distribution):
    with pytest.raises(TypeError, match=f"{type(distribution).__name__}.sample expected rng"):
        distribution.sample(42)


spaces = st.dictionaries(
    st.text(max_size=3), st.lists(st.integers(), min_size=1, max_size=4), min_size=1, max_size=4
)


@settings(deadline=None)
@given(spaces)
def test_a_grid_holds_every_combination_once_in_the_order_of_nested_loops(space):
    points = list(grid(space))
    assert len(points) == math.prod(map(len, space.values()))
    shape = [len(values) for values in space.values()]
    for index, point in zip(np.ndindex(*shape), points, strict=True):
        assert point == {
            name: values[i] for (name, values), i in zip(space.items(), index, strict=True)
        }


@settings(deadline=None)
@given(st.integers(1, 10), st.integers(0, 10), seeds)
def test_a_shorter_random_search_is_the_beginning_of_a_longer_one(trials, more, seed):
    space = {"lr": LogUniform(1e-4, 1), "width": IntegerUniform(1, 100), "x": Choice(["ab"])}
    short = list(random_search(space, trials, rng=np.random.default_rng(seed)))
    long = list(random_search(space, trials + more, rng=np.random.default_rng(seed)))
    assert len(short) == trials
    assert long[:trials] == short


def test_random_trials_differ_in_every_hyperparameter():
    space = {"a": Uniform(0, 1), "b": Uniform(0, 1)}
    points = list(random_search(space, 9, rng=np.random.default_rng(0)))
    assert len({p["a"] for p in points}) == len({p["b"] for p in points}) == 9
    assert all(p["a"] != p["b"] for p in points)


@pytest.mark.parametrize(
    "search", [grid, lambda s: random_search(s, 1, rng=np.random.default_rng(0))]
)
def test_a_space_that_is_empty_or_no_dictionary_is_refused(search):
    with pytest.raises(ValueError, match="at least one hyperparameter in space"):
        search({})
    with pytest.raises(TypeError, match="expected space as a dictionary, got list"):
        search([("lr", [1])])


def test_bad_arguments_of_a_random_search_are_named_at_the_call():
    rng = np.random.default_rng(0)
    with pytest.raises(TypeError, match=r"space\['lr'\] as a distribution such as .*got \[1, 2\]"):
        random_search({"lr": [1, 2]}, 3, rng=rng)
    with pytest.raises(ValueError, match="trials of at least 1, got 0"):
        random_search({"lr": Uniform(0, 1)}, 0, rng=rng)
    with pytest.raises(TypeError, match="random_search expected rng"):
        random_search({"lr": Uniform(0, 1)}, 3, rng=0)
