"""The formulas of the chapter on regularization, over random weights and data."""

import itertools

import numpy as np
import pytest

from course_lib import L1, L2, SGD, Dense, Dropout, Parameter, add_noise
from course_lib.training import numerical_gradient

SEEDS = range(8)


@pytest.mark.parametrize("penalty", [L2(0.3), L1(0.3)], ids=str)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_penalty_s_gradient_is_the_slope_of_its_formula(penalty, seed):
    rng = np.random.default_rng(seed)
    W = Parameter(rng.normal(size=(3, 4)))
    if isinstance(penalty, L2):
        assert penalty.penalty([W]) == pytest.approx(0.3 / 2 * np.sum(W.value**2))
    else:
        assert penalty.penalty([W]) == pytest.approx(0.3 * np.sum(np.abs(W.value)))
    measured = numerical_gradient(lambda: penalty.penalty([W]), W.value)
    penalty.add_gradients([W])
    np.testing.assert_allclose(W.grad, measured, atol=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_step_with_l2_shrinks_every_weight_by_the_same_share(seed):
    rng = np.random.default_rng(seed)
    lr, strength = rng.uniform(0.01, 0.5, 2)
    W = Parameter(rng.normal(size=(4, 2)))
    before, slope = W.value.copy(), rng.normal(size=(4, 2))
    W.grad += slope
    L2(strength).add_gradients([W])
    SGD([W], lr=lr).step()
    np.testing.assert_allclose(W.value, (1 - lr * strength) * before - lr * slope, atol=1e-14)


@pytest.mark.parametrize("seed", range(20))
def test_the_lowest_points_with_a_penalty_lie_where_the_chapter_says(seed):
    """Compared with the lowest of a fine grid of candidates."""
    rng = np.random.default_rng(seed)
    curvature, strength = rng.uniform(0.2, 4, 2)
    W_hat = rng.normal(0, 2)
    W = np.linspace(-8, 8, 320_001)
    loss = curvature / 2 * (W - W_hat) ** 2
    l2 = curvature / (curvature + strength) * W_hat
    l1 = np.sign(W_hat) * max(abs(W_hat) - strength / curvature, 0)
    assert W[(loss + strength / 2 * W**2).argmin()] == pytest.approx(l2, abs=1e-4)
    assert W[(loss + strength * np.abs(W)).argmin()] == pytest.approx(l1, abs=1e-4)
    # The chapter's condition for 0: the slope of the data there is below the strength.
    assert (l1 == 0) == (curvature * abs(W_hat) <= strength)


@pytest.mark.parametrize("rate", [0.0, 0.2, 0.5, 0.9])
def test_dropout_leaves_the_expected_value(rate):
    x = np.random.default_rng(0).normal(size=7)
    layer = Dropout(rate, rng=np.random.default_rng(1))
    y = layer.forward(np.tile(x, (60_000, 1)), train=True)
    mask = y[:, 0] / x[0]
    assert set(np.round(np.unique(mask), 9)) <= {0.0, round(1 / (1 - rate), 9)}
    assert np.mean(mask == 0) == pytest.approx(rate, abs=0.01)
    np.testing.assert_allclose(y.mean(axis=0), x, atol=0.06)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_full_logits_are_the_average_of_all_thinned_ones(seed):
    rng = np.random.default_rng(seed)
    layer, rate = Dense(6, 3, rng=rng), rng.uniform(0.1, 0.9)
    h = rng.normal(size=(1, 6))
    mean = 0.0
    for kept in itertools.product([0, 1], repeat=6):
        probability = np.prod([1 - rate if k else rate for k in kept])
        mean = mean + probability * layer.forward(h * np.array(kept) / (1 - rate))
    np.testing.assert_allclose(mean, layer.forward(h), atol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_descent_on_a_parabola_has_come_as_far_as_the_formula_says(seed):
    rng = np.random.default_rng(seed)
    lr, curvature, W_hat = rng.uniform(0.01, 0.3), rng.uniform(0.1, 3), rng.normal()
    n = int(rng.integers(1, 40))
    W = 0.0
    for _ in range(n):
        W -= lr * curvature * (W - W_hat)
    assert pytest.approx((1 - (1 - lr * curvature) ** n) * W_hat) == W


@pytest.mark.parametrize("seed", SEEDS)
def test_noise_in_the_inputs_of_a_linear_layer_is_an_l2_penalty(seed):
    rng = np.random.default_rng(seed)
    x, W, t = rng.normal(size=4), rng.normal(size=4), rng.normal()
    std = rng.uniform(0.1, 1)
    noisy = add_noise(np.tile(x, (200_000, 1)), std, rng=rng)
    formula = (x @ W - t) ** 2 + std**2 * np.sum(W**2)
    assert np.mean((noisy @ W - t) ** 2) == pytest.approx(formula, rel=0.03)


@pytest.mark.parametrize("seed", range(20))
def test_the_step_of_the_elastic_net_lands_on_the_lowest_point(seed):
    rng = np.random.default_rng(seed)
    u, (lr, l1, l2) = rng.normal(), rng.uniform(0.1, 1.5, 3)
    W = np.linspace(-4, 4, 160_001)
    cost = (W - u) ** 2 / 2 + lr * (l1 * np.abs(W) + l2 / 2 * W**2)
    step = np.sign(u) * max(abs(u) - lr * l1, 0) / (1 + lr * l2)
    assert W[cost.argmin()] == pytest.approx(step, abs=1e-4)


@pytest.mark.parametrize("K", [2, 3, 10])
def test_smoothed_targets_add_up_to_one(K):
    for amount in np.random.default_rng(K).uniform(0, 1, 10):
        assert 1 - amount + amount / K + (K - 1) * amount / K == pytest.approx(1)
