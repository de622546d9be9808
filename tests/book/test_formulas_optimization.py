"""The theorems and equations of the chapter on optimization, checked over random instances."""

from math import log, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from course_lib import (
    SGD,
    Adam,
    ConstantRate,
    Cosine,
    Parameter,
    Quadratic,
    RMSProp,
    WarmupCosine,
    descend,
    numerical_gradient,
    quadratic,
    relative_error,
)
from course_lib.demos import optimization as demos

seeds = st.integers(0, 2**32 - 1)
dimensions = st.integers(2, 8)
conditions = st.floats(1.5, 300)
momenta = st.floats(0.0, 0.99)


def sgd(lr, momentum=0.0):
    return lambda parameters: SGD(parameters, lr, momentum=momentum)


def bowl_and_start(seed, condition, dimension):
    rng = np.random.default_rng(seed)
    scale = float(np.exp(rng.uniform(-3, 3)))  # so that the smallest curvature isn't always 1
    hessian = scale * quadratic(condition, dimension, rng=rng).hessian
    return Quadratic(hessian), rng.standard_normal(dimension)


def measured_factor(path, steps):
    far = np.linalg.norm(path, axis=1)
    return (far[-1] / far[-1 - steps]) ** (1 / steps)


# ---- the bowl, and Theorem 1


@given(seeds, conditions, dimensions)
def test_the_gradient_of_the_bowl_is_H_x(seed, condition, dimension):
    bowl, x = bowl_and_start(seed, condition, dimension)
    assert float(bowl.value(x)) == pytest.approx(x @ bowl.hessian @ x / 2)
    assert_allclose(bowl.gradient(x), bowl.hessian @ x, rtol=1e-9, atol=1e-9)
    measured = numerical_gradient(lambda: float(bowl.value(x)), x)
    assert relative_error(bowl.gradient(x), measured) < 1e-6


@given(seeds, conditions, dimensions, st.floats(0.05, 1.5))
def test_a_step_multiplies_each_component_by_its_own_factor(seed, condition, dimension, share):
    bowl, x = bowl_and_start(seed, condition, dimension)
    lr = share * bowl.largest_stable_rate
    after = descend(bowl, x, sgd(lr), steps=1)[1]
    factors = 1 - lr * bowl.eigenvalues
    assert_allclose(after @ bowl.eigenvectors, factors * (x @ bowl.eigenvectors), atol=1e-8)


@given(seeds, conditions, dimensions, st.floats(0.01, 2.0))
def test_no_step_exceeds_the_factor_and_the_worst_direction_attains_it(
    seed, condition, dimension, share
):
    bowl, x = bowl_and_start(seed, condition, dimension)
    lr = share * bowl.largest_stable_rate
    ends = bowl.eigenvalues[[0, -1]]
    q = max(abs(1 - lr * ends))
    assert bowl.contraction(lr) == pytest.approx(q)
    far = np.linalg.norm(descend(bowl, x, sgd(lr), steps=8), axis=1)
    assert (far[1:] <= far[:-1] * q * (1 + 1e-9) + 1e-12).all()
    worst = bowl.eigenvectors[:, [0, -1][int(np.argmax(abs(1 - lr * ends)))]]
    assert np.linalg.norm(descend(bowl, worst, sgd(lr), steps=1)[1]) == pytest.approx(q)


@settings(max_examples=30, deadline=None)
@given(seeds, st.floats(1.5, 10), dimensions)
def test_descent_converges_exactly_below_two_over_the_largest_curvature(seed, condition, dimension):
    bowl, x = bowl_and_start(seed, condition, dimension)
    border = 2 / bowl.eigenvalues[-1]
    assert bowl.largest_stable_rate == pytest.approx(border)
    for share in (0.1, 0.98):
        path = descend(bowl, x, sgd(share * border), steps=400)
        assert np.linalg.norm(path[-1]) < 1e-2 * np.linalg.norm(x)
    steepest = bowl.eigenvectors[:, -1]
    for share in (1.0, 1.02, 2.0):
        path = descend(bowl, steepest, sgd(share * border), steps=20)
        assert (np.linalg.norm(path, axis=1) > 1 - 1e-9).all()
    uphill = bowl.contraction(-0.1 * border)  # and a rate of 0 or less never comes nearer
    assert bowl.contraction(0.0) == 1 < uphill


@given(seeds, conditions, dimensions, st.floats(0.0, 3.0))
def test_no_rate_beats_the_best_one(seed, condition, dimension, share):
    bowl, _ = bowl_and_start(seed, condition, dimension)
    λ_min, λ_max = bowl.eigenvalues[0], bowl.eigenvalues[-1]
    κ = bowl.condition_number
    assert bowl.optimal_rate == pytest.approx(2 / (λ_min + λ_max))
    best = bowl.contraction(bowl.optimal_rate)
    assert best == pytest.approx((κ - 1) / (κ + 1))
    assert bowl.contraction(share / λ_max) >= best - 1e-12


@settings(max_examples=30, deadline=None)
@given(seeds, st.floats(3, 60), dimensions, st.sampled_from([1.0, 1.5, 1.9]))
def test_the_measured_factor_agrees_with_the_proof_to_three_digits(
    seed, condition, dimension, share
):
    bowl, _ = bowl_and_start(seed, condition, dimension)
    # Every component present; enough steps for the slowest to be alone, too few for an underflow.
    x = bowl.eigenvectors.sum(axis=1)
    for lr in (share / bowl.eigenvalues[-1], bowl.optimal_rate):
        path = descend(bowl, x, sgd(lr), steps=400)
        assert measured_factor(path, 50) == pytest.approx(bowl.contraction(lr), abs=2e-3)
        assert round(measured_factor(path, 50), 2) == pytest.approx(bowl.contraction(lr), abs=6e-3)


@given(st.floats(1, 1e4), st.floats(1e-9, 0.99))
def test_kappa_plus_one_halves_log_steps_are_enough(condition, share):
    q = (condition - 1) / (condition + 1)
    assert q <= np.exp(-2 / (condition + 1)) * (1 + 1e-12)
    steps = np.ceil((condition + 1) / 2 * log(1 / share))
    assert q**steps <= share * (1 + 1e-9)


# ---- momentum, and Theorem 2


@given(seeds, conditions, dimensions, momenta, st.floats(0.05, 1.2))
def test_momentum_follows_the_recursion_of_two_steps(seed, condition, dimension, μ, share):
    bowl, x = bowl_and_start(seed, condition, dimension)
    lr = share * bowl.largest_stable_rate
    a = descend(bowl, x, sgd(lr, μ), steps=6) @ bowl.eigenvectors
    assert_allclose(
        a[2:], (1 + μ - lr * bowl.eigenvalues) * a[1:-1] - μ * a[:-2], rtol=1e-6, atol=1e-6
    )


@given(momenta, st.floats(1e-3, 4.5))
def test_in_the_window_the_factor_is_the_root_of_mu_and_outside_it_is_larger(μ, product):
    factor = Quadratic([[1.0]]).momentum_contraction(product, μ)
    low, high = (1 - sqrt(μ)) ** 2, (1 + sqrt(μ)) ** 2
    if low < product < high:
        assert factor == pytest.approx(sqrt(μ), abs=1e-6)
    else:
        assert factor >= sqrt(μ) - 1e-6
    if abs(product - 2 * (1 + μ)) > 1e-6:
        assert (factor < 1) == (product < 2 * (1 + μ))


@given(seeds, conditions, dimensions, momenta, st.floats(1e-3, 1.0))
def test_no_rate_and_momentum_beat_polyaks(seed, condition, dimension, μ, share):
    bowl, _ = bowl_and_start(seed, condition, dimension)
    κ, (lr, best_μ) = bowl.condition_number, bowl.optimal_momentum
    q = (sqrt(κ) - 1) / (sqrt(κ) + 1)
    λ_min, λ_max = bowl.eigenvalues[0], bowl.eigenvalues[-1]
    assert best_μ == pytest.approx(q**2)
    assert lr == pytest.approx((2 / (sqrt(λ_max) + sqrt(λ_min))) ** 2)
    # Where the two roots meet, rounding moves them by about the square root of epsilon.
    assert bowl.momentum_contraction(lr, best_μ) == pytest.approx(q, abs=1e-5)
    other = bowl.momentum_contraction(share * 2 * (1 + μ) / λ_max, μ)
    assert other >= q - 1e-6
    near = bowl.momentum_contraction(lr * (0.8 + 0.4 * share), min(0.999, best_μ * 1.02))
    assert near >= q - 1e-6
    if other < 1:  # the inequality of the proof
        inner = max(μ / other, 0.0)
        assert κ <= (1 + other) * (1 + inner) / ((1 - other) * (1 - inner)) * (1 + 1e-4)


@pytest.mark.parametrize("κ", [10, 47, 100, 1000])
def test_the_long_run_factor_of_momentum_is_measured(κ):
    bowl = demos.ravine(κ, 30)
    far = np.linalg.norm(
        descend(bowl, demos.START, sgd(*bowl.optimal_momentum), steps=500), axis=1
    ) / np.arange(501).clip(1)
    q = (sqrt(κ) - 1) / (sqrt(κ) + 1)
    assert (far[500] / far[250]) ** (1 / 250) == pytest.approx(q, abs=5e-4)


# ---- RMSProp and Adam


def paths_of(maker, gradients, lr=0.1):
    """Return the places of an optimizer that is shown these gradients, one row a step."""
    W = Parameter(np.zeros(gradients.shape[1]))
    optimizer = maker([W], lr)
    places = [W.value.copy()]
    for g in gradients:
        W.zero_grad()
        W.grad += g
        optimizer.step()
        places.append(W.value.copy())
    return np.array(places)


@given(seeds, st.integers(1, 30))
@pytest.mark.parametrize("maker", [RMSProp, Adam])
def test_the_scale_of_each_weights_gradients_cancels(maker, seed, steps):
    rng = np.random.default_rng(seed)
    # Far above epsilon, which the claim takes for 0.
    g = rng.uniform(0.1, 3, (steps, 4)) * rng.choice([-1, 1], (steps, 4))
    c = np.exp(rng.uniform(-2, 4, 4))
    assert_allclose(paths_of(maker, c * g), paths_of(maker, g), atol=1e-5)


@given(seeds, st.integers(1, 40), st.floats(0.0, 0.99))
def test_no_step_of_rmsprop_exceeds_its_bound(seed, steps, ρ):
    rng = np.random.default_rng(seed)
    g = np.exp(rng.uniform(-3, 6, (steps, 3))) * rng.choice([-1, 1], (steps, 3))
    path = paths_of(lambda parameters, lr: RMSProp(parameters, lr, decay=ρ), g)
    assert (np.abs(np.diff(path, axis=0)) <= 0.1 / sqrt(1 - ρ) * (1 + 1e-9)).all()


@given(seeds, st.integers(1, 40), st.floats(0, 0.99), st.floats(0, 0.999))
def test_adams_means_are_weighted_sums_and_their_weights_are_what_is_divided_by(
    seed, steps, beta1, beta2
):
    g = np.random.default_rng(seed).standard_normal((steps, 2))
    W = Parameter(np.zeros(2))
    optimizer = Adam([W], 0.1, beta1=beta1, beta2=beta2)
    for row in g:
        W.zero_grad()
        W.grad += row
        before = W.value.copy()
        optimizer.step()
    powers = np.arange(steps)[::-1]
    weights1, weights2 = (1 - beta1) * beta1**powers, (1 - beta2) * beta2**powers
    assert weights1.sum() == pytest.approx(1 - beta1**steps)
    assert_allclose(optimizer.m, weights1 @ g, atol=1e-12)
    assert_allclose(optimizer.v, weights2 @ g**2, atol=1e-12)
    m_hat, v_hat = weights1 @ g / weights1.sum(), weights2 @ g**2 / weights2.sum()
    assert_allclose(W.value - before, -0.1 * m_hat / (np.sqrt(v_hat) + 1e-8), rtol=1e-6, atol=1e-12)


@given(seeds)
def test_adams_first_step_is_as_long_as_the_rate(seed):
    rng = np.random.default_rng(seed)
    g = np.exp(rng.uniform(-4, 8, (1, 5))) * rng.choice([-1, 1], (1, 5))
    assert_allclose(paths_of(Adam, g)[1], -0.1 * np.sign(g[0]), rtol=1e-5)


@given(st.floats(1e-2, 1e3), st.integers(1, 200))
def test_for_a_constant_gradient_the_uncorrected_step_is_too_long_by_a_known_factor(g, steps):
    m = v = 0.0
    for _ in range(steps):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    assert m / sqrt(v) == pytest.approx((1 - 0.9**steps) / sqrt(1 - 0.999**steps))


# ---- schedules


@given(st.floats(0.5, 10), st.floats(0.05, 1.9), st.floats(0.1, 3))
def test_the_expected_square_settles_on_the_floor(λ, share, s):
    lr = share / λ
    floor = lr * s**2 / (λ * (2 - lr * λ))
    assert (1 - lr * λ) ** 2 * floor + lr**2 * s**2 == pytest.approx(floor)


@settings(max_examples=8, deadline=None)
@given(seeds, st.floats(0.2, 1.5))
def test_noisy_walkers_follow_the_recursion_of_the_expected_square(seed, share):
    rng, λ, s = np.random.default_rng(seed), 2.0, 1.5
    lr = share / λ
    noisy = demos.NoisyBowl([λ], noise=s, walkers=20_000, rng=rng)
    squares = (descend(noisy, np.ones((20_000, 1)), sgd(lr), steps=12) ** 2).mean(axis=(1, 2))
    expected = [1.0]
    for _ in range(12):
        expected.append((1 - lr * λ) ** 2 * expected[-1] + lr**2 * s**2)
    assert_allclose(squares, expected, rtol=0.06)


@given(st.floats(1e-3, 10), st.integers(1, 40), st.integers(1, 100))
def test_a_schedule_climbs_to_its_rate_and_falls_to_zero(lr, warmup, rest):
    schedule = WarmupCosine(lr, warmup, warmup + rest)
    rates = np.array([schedule(step) for step in range(warmup + rest + 3)])
    assert_allclose(rates[:warmup], lr * np.arange(1, warmup + 1) / warmup)
    fall = lr * (1 + np.cos(np.pi * np.arange(rest + 1) / rest)) / 2
    assert_allclose(rates[warmup : warmup + rest + 1], fall, atol=1e-12)
    assert_allclose(rates[warmup + rest :], 0, atol=1e-12)
    assert Cosine(lr, rest)(0) == pytest.approx(ConstantRate(lr)(0))
