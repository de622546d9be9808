"""The formulas of the chapter on supervised learning, over random instances."""

from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import (
    BinaryCrossEntropy,
    MeanSquaredError,
    SoftmaxCrossEntropy,
    accuracy,
    confusion_matrix,
    log_softmax,
    numerical_gradient,
    precision,
    recall,
    relative_error,
    sigmoid,
    softmax,
)
from course_lib.demos.supervised_learning import cross_entropy, descend, squared_error

seeds = st.integers(0, 2**32 - 1)


@given(seeds, st.integers(1, 20))
def test_the_constant_with_the_least_squared_error_is_the_mean(seed, N):
    y = np.random.default_rng(seed).normal(size=(N, 1))

    def loss(c):
        return MeanSquaredError().forward(np.full((N, 1), float(c[0])), y)

    c = np.array([0.7])
    slope = 2 * (c - y.mean())
    np.testing.assert_allclose(numerical_gradient(lambda: loss(c), c), slope, atol=1e-6)
    assert loss([y.mean()]) <= min(loss([y.mean() + step]) for step in (-0.1, 0.1))


@given(seeds, st.integers(1, 20))
def test_the_likelihood_is_the_exponential_of_minus_n_times_the_cross_entropy(seed, N):
    rng = np.random.default_rng(seed)
    z, y = rng.normal(size=(N, 3)), rng.integers(0, 3, N)
    p = softmax(z)[np.arange(N), y]
    assert p.prod() == pytest.approx(np.exp(-N * SoftmaxCrossEntropy().forward(z, y)))


@given(st.floats(-5, 5), st.floats(-5, 5), st.floats(0.5, 3))
def test_the_squared_error_is_the_surprise_of_a_bell_curve_up_to_a_constant(predicted, y, s):
    def surprise(y):
        density = np.exp(-((y - predicted) ** 2) / (2 * s**2)) / np.sqrt(2 * np.pi * s**2)
        return -np.log(density)

    constant = surprise(predicted)
    assert surprise(y) - constant == pytest.approx((predicted - y) ** 2 / (2 * s**2), abs=1e-9)


@given(seeds, st.integers(1, 20))
def test_the_binary_loss_has_two_equal_forms(seed, N):
    rng = np.random.default_rng(seed)
    z, y = 5 * rng.normal(size=N), rng.integers(0, 2, N)
    p = sigmoid(z)
    by_definition = (-y * np.log(p) - (1 - y) * np.log(1 - p)).mean()
    safe = (np.maximum(z, 0) - z * y + np.log(1 + np.exp(-np.abs(z)))).mean()
    loss = BinaryCrossEntropy().forward(z, y)
    assert loss == pytest.approx(by_definition)
    assert loss == pytest.approx(safe)


@given(st.floats(-30, 30))
def test_softmax_of_zero_and_z_is_the_sigmoid(z):
    assert softmax([[0.0, z]])[0, 1] == pytest.approx(float(sigmoid([z])[0]), abs=1e-15)


@given(st.integers(1, 50))
def test_equal_logits_cost_the_logarithm_of_the_number_of_classes(K):
    assert SoftmaxCrossEntropy().forward(np.zeros((1, K)), [0]) == pytest.approx(np.log(K))


@given(st.floats(-8, 8), st.integers(0, 1))
def test_the_slopes_are_those_of_the_losses_and_the_library_agrees(z, label):
    for loss in (squared_error, cross_entropy):
        at = np.array([z])
        numeric = numerical_gradient(lambda loss=loss, at=at: float(loss(at, label)[0][0]), at)
        np.testing.assert_allclose(loss([z], label)[1], numeric, atol=1e-8)
    p, loss_fn = sigmoid([z]), BinaryCrossEntropy()
    assert loss_fn.forward([z], [label]) == pytest.approx(cross_entropy([z], label)[0][0])
    np.testing.assert_allclose(loss_fn.backward(), p - label)
    assert MeanSquaredError().forward(p, [label]) == pytest.approx(squared_error([z], label)[0][0])


@given(seeds, st.integers(2, 6))
def test_the_slope_of_the_softmax_loss_is_p_minus_one_for_the_right_class(seed, K):
    rng = np.random.default_rng(seed)
    z, y = rng.normal(size=(1, K)), rng.integers(0, K, 1)
    expected = softmax(z)
    expected[0, y] -= 1
    numeric = numerical_gradient(lambda: SoftmaxCrossEntropy().forward(z, y), z)
    assert relative_error(numeric, expected) < 1e-6


@given(seeds, st.integers(1, 8), st.floats(-50, 50))
def test_any_number_can_be_taken_out_of_a_log_sum_exp(seed, K, c):
    z = 10 * np.random.default_rng(seed).normal(size=K)
    plain = np.log(np.exp(z).sum())
    assert c + np.log(np.exp(z - c).sum()) == pytest.approx(plain)
    largest = np.exp(z - z.max()).sum()
    assert 1 <= largest <= K
    np.testing.assert_allclose(z - plain, log_softmax(z), atol=1e-9)


def test_the_cross_entropy_mends_a_confident_mistake_long_before_the_squared_error():
    cross, squared = (
        descend(f, -6.0, 1, lr=1.0, steps=400) for f in (cross_entropy, squared_error)
    )
    assert (cross > 0).argmax() * 10 < (squared > 0).argmax()


@given(seeds, st.integers(1, 40))
def test_recall_reads_rows_and_precision_columns(seed, N):
    rng = np.random.default_rng(seed)
    predicted, y = rng.integers(0, 3, N), rng.integers(0, 3, N)
    C = confusion_matrix(predicted, y, 3)
    for k in range(3):
        if C[k].sum():
            assert recall(predicted, y, 3)[k] == C[k, k] / C[k].sum()
        if C[:, k].sum():
            assert precision(predicted, y, 3)[k] == C[k, k] / C[:, k].sum()
    assert accuracy(predicted, y) == pytest.approx(C.trace() / N)


@pytest.mark.parametrize(("a", "N"), [(0.97, 359), (0.5, 60), (0.1, 10)])
def test_the_standard_deviation_of_an_accuracy_is_that_of_n_coins(a, N):
    counts = np.arange(N + 1)
    chances = np.array([comb(N, int(k)) * a**k * (1 - a) ** (N - k) for k in counts])
    mean = (chances * counts / N).sum()
    spread = np.sqrt((chances * (counts / N - mean) ** 2).sum())
    assert spread == pytest.approx(np.sqrt(a * (1 - a) / N))


def test_a_rare_class_is_missed_as_often_as_counting_says():
    rng = np.random.default_rng(0)
    draws = rng.permuted(np.tile(np.arange(20), (20_000, 1)), axis=1)[:, :4]
    missed = (draws >= 2).all(axis=1).mean()
    assert missed == pytest.approx(comb(18, 4) / comb(20, 4), abs=0.02)
