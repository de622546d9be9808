"""The formulas of the chapter on activation functions, over random instances."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import (
    SGD,
    BinaryCrossEntropy,
    Dense,
    LeakyReLU,
    MeanSquaredError,
    ReLU,
    Sequential,
    Sigmoid,
    SoftmaxCrossEntropy,
    Tanh,
    check_gradients,
    log_softmax,
    numerical_gradient,
    sigmoid,
    softmax,
)
from course_lib.challenges.attention import attention, attention_backward
from course_lib.demos.activation_functions import softmax_jacobian, value_and_slope

seeds = st.integers(0, 2**32 - 1)
sums = st.floats(-20, 20)


def lse(z):
    c = z.max(axis=-1)
    return c + np.log(np.exp(z - c[..., None]).sum(axis=-1))


def slope(f, z):
    return float(value_and_slope(f, np.array([z]))[1][0])


@given(sums)
def test_the_sigmoid_lies_between_zero_and_one_and_the_logit_undoes_it(z):
    p = float(sigmoid([z])[0])
    assert 0 < p < 1
    assert np.log(p / (1 - p)) == pytest.approx(z, abs=1e-6)
    assert float(sigmoid([-z])[0]) == pytest.approx(1 - p, abs=1e-15)


@given(st.floats(0.001, 0.999))
def test_every_number_between_zero_and_one_is_reached(p):
    assert float(sigmoid([np.log(p / (1 - p))])[0]) == pytest.approx(p)


@given(st.floats(-8, 8))
def test_the_slopes_from_the_output_are_the_derivatives(z):
    for f in (Sigmoid(), Tanh()):
        at = np.array([z])
        numeric = numerical_gradient(lambda f=f, at=at: float(f.forward(at)[0]), at)[0]
        assert slope(f, z) == pytest.approx(numeric, abs=1e-9)
    p, t = float(sigmoid([z])[0]), np.tanh(z)
    assert slope(Sigmoid(), z) == pytest.approx(p * (1 - p))
    assert slope(Tanh(), z) == pytest.approx(1 - t**2)
    assert p * (1 - p) == pytest.approx(1 / 4 - (p - 1 / 2) ** 2)
    e = np.exp(z) - np.exp(-z), np.exp(z) + np.exp(-z)
    assert t == pytest.approx(e[0] / e[1])


@given(st.floats(-15, 15))
def test_tanh_is_a_stretched_sigmoid_and_slopes_are_bounded(z):
    assert np.tanh(z) == pytest.approx(2 * float(sigmoid([2 * z])[0]) - 1, abs=1e-12)
    assert slope(Tanh(), z) == pytest.approx(4 * slope(Sigmoid(), 2 * z), abs=1e-12)
    assert slope(Sigmoid(), z) <= 1 / 4
    assert slope(Tanh(), z) <= 1
    assert slope(Sigmoid(), 0.0) == 1 / 4
    assert slope(Tanh(), 0.0) == 1


@given(st.floats(-15, 15))
def test_the_tails_of_both_slopes_fall_exponentially(z):
    # From two exponentials, since 1 - tanh² loses its digits out there.
    exact = 1 / (2 + np.exp(z) + np.exp(-z))
    exact_tanh = 4 / (2 + np.exp(2 * z) + np.exp(-2 * z))
    assert slope(Sigmoid(), z) == pytest.approx(exact, abs=1e-15)
    assert slope(Tanh(), z) == pytest.approx(exact_tanh, abs=1e-15)
    assert exact < np.exp(-abs(z))
    assert exact_tanh < 4 * np.exp(-2 * abs(z))


@given(seeds, st.integers(1, 8))
def test_a_chain_of_sigmoids_passes_at_most_a_quarter_of_each_weight(seed, d):
    rng = np.random.default_rng(seed)
    w, layers = rng.normal(scale=3), []
    for _ in range(d):
        layer = Dense(1, 1, rng=rng)
        layer.W.value[:] = w
        layer.b.value[:] = rng.normal()
        layers += [layer, Sigmoid()]
    model = Sequential(*layers)
    model.forward(rng.normal(size=(1, 1)))
    assert abs(model.backward(np.ones((1, 1))).item()) <= (abs(w) / 4) ** d


@given(st.floats(-2, 3))
def test_the_subgradients_of_relu_at_its_kink_are_the_numbers_from_zero_to_one(g):
    z = np.linspace(-1, 1, 21)
    lies_below = bool((ReLU().forward(z) >= g * z).all())
    assert lies_below == (0 <= g <= 1)


@given(st.floats(-5, 5).filter(lambda z: abs(z) > 1e-3), st.floats(0.01, 0.9))
def test_relu_and_its_leaky_relative_have_the_slopes_of_their_halves(z, a):
    assert slope(ReLU(), z) == (z > 0)
    assert slope(LeakyReLU(a), z) == (1 if z > 0 else a)
    assert float(LeakyReLU(a).forward([z])[0]) == max(z, a * z)


def test_a_central_difference_across_the_kink_measures_one_half_and_the_library_takes_zero():
    z = np.zeros(1)
    assert numerical_gradient(lambda: float(ReLU().forward(z)[0]), z)[0] == pytest.approx(0.5)
    assert slope(ReLU(), 0.0) == 0


@given(seeds)
def test_a_dead_unit_keeps_its_weights_and_a_leak_moves_them(seed):
    rng = np.random.default_rng(seed)
    x, target = rng.uniform(0, 1, (5, 2)), rng.uniform(1, 2, (5, 1))
    for f, moves in ((ReLU(), False), (LeakyReLU(0.1), True)):
        layer = Dense(2, 1, rng=rng)
        layer.b.value[:] = -20
        before, model, loss_fn = layer.W.value.copy(), Sequential(layer, f), MeanSquaredError()
        loss_fn.forward(model.forward(x), target)
        model.backward(loss_fn.backward())
        SGD(model.parameters(), lr=0.1).step()
        assert (not np.array_equal(layer.W.value, before)) == moves


@given(seeds, st.integers(1, 9), st.floats(-500, 500))
def test_log_sum_exp_is_a_soft_maximum_that_moves_with_its_logits(seed, K, shift):
    z = 5 * np.random.default_rng(seed).normal(size=K)
    value = float(lse(z))
    assert value == pytest.approx(np.log(np.exp(z).sum()))
    assert z.max() <= value <= z.max() + np.log(K) + 1e-12
    assert float(lse(z + shift)) == pytest.approx(value + shift)
    np.testing.assert_allclose(log_softmax(z), z - value, atol=1e-12)
    numeric = numerical_gradient(lambda: float(lse(z)), z)
    np.testing.assert_allclose(numeric, softmax(z), atol=1e-9)


@given(st.floats(-20, 20))
def test_the_soft_maximum_of_zero_and_z_has_the_sigmoid_for_its_slope(z):
    at = np.array([0.0, z])
    assert float(lse(at)) == pytest.approx(np.log1p(np.exp(z)))
    assert softmax(at)[1] == pytest.approx(float(sigmoid([z])[0]))


@given(seeds, st.integers(2, 7))
def test_the_jacobian_of_the_softmax_is_the_theorem_s(seed, K):
    rng = np.random.default_rng(seed)
    z, v = 2 * rng.normal(size=K), rng.normal(size=K)
    p, J = softmax(z), softmax_jacobian(z)
    for j in range(K):
        numeric = numerical_gradient(lambda j=j: float(softmax(z)[j]), z)
        np.testing.assert_allclose(J[j], numeric, atol=1e-9)
        for k in range(K):
            assert J[j, k] == pytest.approx(p[j] * ((j == k) - p[k]), abs=1e-15)
    np.testing.assert_array_equal(J, J.T)
    np.testing.assert_allclose(J.sum(axis=1), 0, atol=1e-15)
    variance = (p * (v - (p * v).sum()) ** 2).sum()
    assert v @ J @ v == pytest.approx(variance, abs=1e-12)
    assert v @ J @ v >= -1e-12
    assert J.max() <= 1 / 4


@given(seeds, st.integers(2, 7))
def test_the_backward_of_the_softmax_needs_no_matrix(seed, K):
    rng = np.random.default_rng(seed)
    z, dp = rng.normal(size=K), rng.normal(size=K)
    p = softmax(z)
    dz = p * (dp - (p * dp).sum())
    np.testing.assert_allclose(dz, dp @ softmax_jacobian(z), atol=1e-14)
    np.testing.assert_allclose(p * (1 - (p * np.ones(K)).sum()), 0, atol=1e-15)
    # The library's attention takes the same way: one query whose scores are z.
    q, keys, values = np.ones((1, 1)), z[:, None], np.eye(K)
    _, weights = attention(q, keys, values)
    _, dk, _ = attention_backward(dp[None], q, keys, values, weights)
    np.testing.assert_allclose(dk[:, 0], dz, atol=1e-14)


@given(seeds, st.integers(2, 7))
def test_with_the_cross_entropy_the_difference_remains(seed, K):
    rng = np.random.default_rng(seed)
    z, y = rng.normal(size=(1, K)), int(rng.integers(K))
    p, dp = softmax(z)[0], np.zeros(K)
    dp[y] = -1 / p[y]
    loss_fn = SoftmaxCrossEntropy()
    loss_fn.forward(z, [y])
    dz = loss_fn.backward()[0]
    np.testing.assert_allclose(dz, p * (dp - (p * dp).sum()), atol=1e-14)
    np.testing.assert_allclose(dz, p - np.eye(K)[y], atol=1e-14)


def test_a_saturated_sigmoid_loses_its_slope_in_rounding_and_the_logit_keeps_it():
    p = sigmoid([40.0])
    assert p[0] == 1
    assert slope(Sigmoid(), 40.0) == 0
    loss_fn = BinaryCrossEntropy()
    assert loss_fn.forward([40.0], [0]) == 40
    assert loss_fn.backward()[0] == 1


@pytest.mark.parametrize("f", [Sigmoid(), Tanh(), LeakyReLU(0.1)], ids=repr)
def test_every_backward_passes_a_gradient_check(f):
    rng = np.random.default_rng(0)
    assert max(check_gradients(f, rng.normal(size=(4, 3)), rng=rng).values()) < 1e-6
