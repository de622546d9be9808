import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.mathematics import (
    ConstantRate,
    Quadratic,
    Rosenbrock,
    StepDecay,
    descend,
    quadratic,
)
from course_lib.training import SGD, Adam, RMSProp, numerical_gradient, relative_error

SEEDS = st.integers(0, 2**32 - 1)
CONDITIONS = st.floats(1.5, 50)
DIMENSIONS = st.integers(2, 5)


def sgd(lr, momentum=0.0):
    return lambda parameters: SGD(parameters, lr=lr, momentum=momentum)


@settings(deadline=None, max_examples=25)
@given(SEEDS, CONDITIONS, DIMENSIONS)
def test_gradients_match_central_differences(seed, condition, dimension):
    rng = np.random.default_rng(seed)
    for landscape in (quadratic(condition, dimension, rng=rng), Rosenbrock(rng.normal(), 3.0)):
        x = rng.normal(size=landscape.minimum.size)
        numerical = numerical_gradient(lambda f=landscape, x=x: float(f.value(x)), x)
        assert relative_error(landscape.gradient(x), numerical) < 1e-6


@pytest.mark.parametrize("landscape", [Rosenbrock(), Quadratic([[2.0, 0.5], [0.5, 1.0]])])
def test_a_grid_gets_the_values_of_its_points(landscape):
    grid = np.random.default_rng(0).normal(size=(3, 4, 2))
    values, gradients = landscape.value(grid), landscape.gradient(grid)
    assert values.shape == (3, 4)
    assert gradients.shape == grid.shape
    for i in np.ndindex(3, 4):
        assert landscape.value(grid[i]) == pytest.approx(values[i])
        np.testing.assert_allclose(landscape.gradient(grid[i]), gradients[i])


@pytest.mark.parametrize("landscape", [Rosenbrock(1.5), Quadratic([[2.0, 0.5], [0.5, 1.0]])])
def test_the_minimum_is_flat_and_lower_than_its_surroundings(landscape):
    around = landscape.minimum + np.random.default_rng(1).normal(size=(50, 2))
    assert landscape.value(landscape.minimum) == 0
    np.testing.assert_array_equal(landscape.gradient(landscape.minimum), 0)
    assert (landscape.value(around) > 0).all()


@settings(deadline=None, max_examples=25)
@given(SEEDS, CONDITIONS, DIMENSIONS)
def test_a_random_bowl_has_the_asked_condition_number(seed, condition, dimension):
    bowl = quadratic(condition, dimension, rng=np.random.default_rng(seed))
    assert bowl.condition_number == pytest.approx(condition)
    assert bowl.eigenvalues[0] == pytest.approx(1)
    rebuilt = bowl.eigenvectors * bowl.eigenvalues @ bowl.eigenvectors.T
    np.testing.assert_allclose(rebuilt, bowl.hessian, atol=1e-10)


@settings(deadline=None, max_examples=40)
@given(SEEDS, CONDITIONS, DIMENSIONS, st.floats(0.02, 1.98))
def test_each_step_multiplies_the_distance_along_an_eigenvector_by_one_minus_rate_times_curvature(
    seed, condition, dimension, share
):
    rng = np.random.default_rng(seed)
    bowl = quadratic(condition, dimension, rng=rng)
    lr = share * bowl.largest_stable_rate
    path = descend(bowl, rng.normal(size=dimension), sgd(lr), steps=5)
    along = path @ bowl.eigenvectors  # (steps + 1, D)
    np.testing.assert_allclose(along[1:], along[:-1] * (1 - lr * bowl.eigenvalues), atol=1e-8)


@settings(deadline=None, max_examples=40)
@given(SEEDS, CONDITIONS, DIMENSIONS, st.floats(0.05, 0.98))
def test_descent_converges_below_the_largest_stable_rate_at_the_promised_speed(
    seed, condition, dimension, share
):
    rng = np.random.default_rng(seed)
    bowl = quadratic(condition, dimension, rng=rng)
    lr = share * bowl.largest_stable_rate
    start = rng.normal(size=dimension)
    distance = np.linalg.norm(descend(bowl, start, sgd(lr), steps=60), axis=1)
    rate = bowl.contraction(lr)
    assert rate < 1
    assert (distance <= distance[0] * rate ** np.arange(61) * (1 + 1e-9) + 1e-12).all()


@settings(deadline=None, max_examples=40)
@given(SEEDS, CONDITIONS, DIMENSIONS, st.floats(1.02, 3))
def test_descent_diverges_above_the_largest_stable_rate(seed, condition, dimension, share):
    rng = np.random.default_rng(seed)
    bowl = quadratic(condition, dimension, rng=rng)
    lr = share * bowl.largest_stable_rate
    path = descend(bowl, rng.normal(size=dimension), sgd(lr), steps=100)
    steepest = np.abs(path @ bowl.eigenvectors[:, -1])
    assert bowl.contraction(lr) > 1
    assert (np.diff(steepest) > 0).all()
    assert steepest[-1] >= steepest[0] * 1.03 ** (len(path) - 1)


def test_at_exactly_the_largest_stable_rate_the_steepest_direction_swings_for_ever():
    bowl = Quadratic(np.diag([1.0, 8.0]))
    path = descend(bowl, [0.0, 1.0], sgd(bowl.largest_stable_rate), steps=10)
    np.testing.assert_array_equal(path[:, 1], (-1.0) ** np.arange(11))


@settings(deadline=None, max_examples=40)
@given(SEEDS, CONDITIONS, DIMENSIONS, st.floats(0.01, 1.5))
def test_no_rate_contracts_more_than_the_optimal_one(seed, condition, dimension, share):
    bowl = quadratic(condition, dimension, rng=np.random.default_rng(seed))
    κ = bowl.condition_number
    best = bowl.contraction(bowl.optimal_rate)
    assert best == pytest.approx((κ - 1) / (κ + 1))
    assert bowl.contraction(share * bowl.largest_stable_rate) >= best - 1e-12


@settings(deadline=None, max_examples=60)
@given(SEEDS, CONDITIONS, DIMENSIONS, st.floats(0.05, 3), st.floats(0, 0.99))
def test_no_rate_and_momentum_contract_more_than_polyaks(seed, condition, dimension, share, other):
    bowl = quadratic(condition, dimension, rng=np.random.default_rng(seed))
    lr, momentum = bowl.optimal_momentum
    root = np.sqrt(bowl.condition_number)
    best = bowl.momentum_contraction(lr, momentum)
    # At the best setting both roots coincide, which costs half of the digits.
    assert best == pytest.approx((root - 1) / (root + 1), abs=1e-6)
    assert bowl.momentum_contraction(share * lr, other) >= best - 1e-6
    assert best < bowl.contraction(bowl.optimal_rate)


@settings(deadline=None, max_examples=25)
@given(SEEDS, st.floats(4, 50), DIMENSIONS)
def test_momentum_shrinks_the_distance_as_fast_as_promised(seed, condition, dimension):
    rng = np.random.default_rng(seed)
    bowl = quadratic(condition, dimension, rng=rng)
    lr, momentum = bowl.optimal_momentum
    path = descend(bowl, rng.normal(size=dimension), sgd(lr, momentum), steps=150)
    distance = np.linalg.norm(path, axis=1)
    steps = np.arange(151)
    # A double root r lets the distance follow (1 + c t) r**t: a line times the power.
    bound = distance[0] * (1 + 2 * steps) * np.sqrt(momentum) ** steps
    assert (distance <= bound * (1 + 1e-6) + 1e-9).all()


def test_momentum_without_momentum_is_descent():
    bowl = Quadratic(np.diag([1.0, 3.0, 10.0]))
    for lr in (0.01, 0.1, 0.3):
        assert bowl.momentum_contraction(lr, 0.0) == pytest.approx(bowl.contraction(lr))


@pytest.mark.parametrize(
    "optimizer",
    [
        sgd(1e-3, 0.9),
        lambda parameters: RMSProp(parameters, lr=1e-3),
        lambda parameters: Adam(parameters, lr=0.05),
    ],
)
def test_every_optimizer_finds_its_way_through_the_ravine(optimizer):
    ravine = Rosenbrock()
    path = descend(ravine, [-1.0, 1.5], optimizer, steps=4000)
    assert path.shape == (4001, 2)
    np.testing.assert_array_equal(path[0], [-1.0, 1.5])
    assert ravine.value(path[-1]) < 1e-3 * ravine.value(path[0])


def test_a_schedule_sets_the_rate_of_each_step():
    bowl = Quadratic(np.eye(2))
    path = descend(
        bowl, [1.0, 1.0], sgd(9.0), steps=3, schedule=StepDecay(0.5, every=2, factor=0.5)
    )
    np.testing.assert_allclose(path[:, 0], [1, 0.5, 0.25, 0.1875])
    same = descend(bowl, [1.0, 1.0], sgd(9.0), steps=2, schedule=ConstantRate(0.5))
    np.testing.assert_allclose(same, path[:3])


@pytest.mark.parametrize("landscape", [Rosenbrock(), Quadratic(np.diag([1.0, 100.0]))])
def test_a_diverging_walk_ends_early_with_finite_places(landscape):
    path = descend(landscape, [1.5, -2.0], sgd(1.0), steps=1000)
    assert 2 < len(path) < 1001
    assert np.isfinite(path).all()
    assert np.abs(path[-1]).max() >= 1e30


def test_the_start_is_left_unchanged():
    start = np.ones(2)
    descend(Rosenbrock(), start, sgd(1e-4), steps=3)
    np.testing.assert_array_equal(start, 1)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Quadratic([[1.0, 2.0]]), "symmetric"),
        (lambda: Quadratic([[1.0, 2.0], [0.0, 1.0]]), "symmetric"),
        (lambda: Quadratic([[1.0, 0.0], [0.0, -1.0]]), "above 0, got -1"),
        (lambda: Quadratic(np.eye(2)).value([1.0, 2.0, 3.0]), r"shape \(..., 2\), got \(3,\)"),
        (lambda: Rosenbrock().gradient(1.0), r"shape \(..., 2\), got \(\)"),
        (lambda: Rosenbrock(b=0), "b above 0"),
        (lambda: quadratic(0.5, 2, rng=np.random.default_rng(0)), "condition_number at least 1"),
        (lambda: quadratic(2, 1, rng=np.random.default_rng(0)), "dimension of at least 2"),
        (lambda: descend(Rosenbrock(), [1.0], sgd(0.1), steps=1), r"start of shape \(2,\)"),
        (lambda: descend(Rosenbrock(), [1.0, 1.0], sgd(0.1), steps=0), "steps of at least 1"),
    ],
)
def test_landscapes_refuse_what_makes_no_sense(build, message):
    with pytest.raises(ValueError, match=message):
        build()
