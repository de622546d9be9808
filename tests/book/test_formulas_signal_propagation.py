"""What the chapter on signal propagation states in formulas, checked over random networks."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import (
    BatchNorm,
    Dense,
    LayerNorm,
    ReLU,
    Sequential,
    Sigmoid,
    Tanh,
    glorot,
    he,
    lecun,
    numerical_gradient,
    relative_error,
)
from course_lib.demos import signal_propagation as demos

SEEDS = st.integers(0, 2**32 - 1)


@settings(deadline=None, max_examples=25)
@given(SEEDS, st.integers(1, 30), st.floats(0.1, 3))
def test_the_variance_of_a_sum_is_inputs_times_variance_times_mean_square(seed, D_in, std):
    rng = np.random.default_rng(seed)
    h = rng.uniform(-1, 3, D_in)  # its mean is not 0
    z = h @ rng.normal(0, std, (D_in, 20_000))
    assert (z**2).mean() == pytest.approx(D_in * std**2 * (h**2).mean(), rel=0.08)


def squares_at_the_end(rng, networks, depth, width, gain):
    """Return q after `depth` ReLU layers in many networks, from q = 1."""
    h = np.ones((networks, 1, width))
    for _ in range(depth):
        W = rng.normal(0, math.sqrt(gain / width), (networks, width, width))
        h = np.maximum(h @ W, 0)
    return (h**2).mean(axis=(1, 2))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("depth", "gain"), [(1, 1.0), (4, 2.0), (6, 1.0), (5, 3.0)])
def test_the_expected_mean_square_is_the_power_of_half_the_gain(seed, depth, gain):
    q = squares_at_the_end(np.random.default_rng(seed), 3000, depth, 24, gain)
    assert q.mean() == pytest.approx((gain / 2) ** depth, rel=0.1)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("depth", "width"), [(1, 10), (3, 20), (4, 30)])
def test_a_single_network_strays_as_the_formula_says(seed, depth, width):
    q = squares_at_the_end(np.random.default_rng(seed), 6000, depth, width, 2.0)
    expected = math.sqrt((1 + 5 / width) ** depth - 1)
    assert q.std() / q.mean() == pytest.approx(expected, rel=0.12)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("widths", [(8, 20), (20, 8), (12, 30, 12), (10, 20, 30, 5)])
def test_backward_the_outputs_count_for_relu_and_a_random_gradient(seed, widths):
    """E dx² = D_out Var W / 2 · E dy², for several layers multiplied."""
    rng = np.random.default_rng(seed)
    networks, std = 6000, 0.3
    h = rng.uniform(-1, 2, (1, 1, widths[0])) * np.ones((networks, 1, 1))
    weights, active = [], []
    for D_in, D_out in pairwise(widths):
        W = rng.normal(0, std, (networks, D_in, D_out))
        h = np.maximum(h @ W, 0)
        weights.append(W)
        active.append(h > 0)
    dh = rng.normal(size=h.shape)
    for W, mask in zip(reversed(weights), reversed(active), strict=True):
        dh = (dh * mask) @ W.transpose(0, 2, 1)
    expected = np.prod([D_out * std**2 / 2 for D_out in widths[1:]])
    assert (dh**2).mean() == pytest.approx(expected, rel=0.12)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(1, 200), min_size=2, max_size=12))
def test_one_condition_is_enough_and_equal_widths_make_glorot_lecun(widths):
    """With LeCun's forward gain, the backward factors multiply to a quotient of two widths."""
    factors = [
        D_out / D_in for D_in, D_out in pairwise(widths)
    ]  # D_out · Var W with Var W = 1 / D_in
    assert math.prod(factors) == pytest.approx(widths[-1] / widths[0])
    shape = (widths[0], widths[0])
    same = [make(shape, *shape, np.random.default_rng(0)) for make in (glorot, lecun)]
    np.testing.assert_allclose(*same)


@pytest.mark.parametrize("activation", [Sigmoid, Tanh, ReLU])
@pytest.mark.parametrize("gain", [0.25, 1, 2, 4])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_prediction_for_wide_layers_agrees_with_a_network(activation, gain, seed):
    """Per layer, over fifty layers: the lines of the chapter's picture go through its marks."""
    rng = np.random.default_rng(seed)
    signals = demos.propagate(activation, demos.scaled(gain), rng=rng, width=150, examples=60)
    variances, squares = demos.predict(activation, gain)
    for measured, predicted in (
        ((signals.z[-1] ** 2).mean(), variances[-1]),
        ((signals.dh[0] ** 2).mean(), squares[0]),
    ):
        assert abs(np.log(measured / predicted)) / 50 < 0.06


def test_tanh_with_gain_1_fades_like_one_over_twice_the_layer():
    for depth in (300, 1000, 3000):
        q = demos.predict(Tanh, 1, depth=depth + 1)[0][-1]  # Var z is the q of the layer before
        assert q * 2 * depth == pytest.approx(1, rel=0.02)
    z = np.linspace(-0.1, 0.1, 41)
    np.testing.assert_allclose(np.tanh(z) ** 2, z**2 - 2 / 3 * z**4, atol=1e-6)


@settings(deadline=None, max_examples=40)
@given(SEEDS, st.integers(1, 8), st.integers(1, 6), st.floats(0.1, 5))
def test_no_gradient_is_longer_than_the_product_of_slopes_and_stretches(seed, depth, N, gain):
    rng = np.random.default_rng(seed)
    for activation, s in ((Sigmoid, 0.25), (Tanh, 1), (ReLU, 1)):
        widths = rng.integers(1, 8, depth + 1)
        layers = [
            Dense(int(a), int(b), initializer=demos.scaled(gain), rng=rng)
            for a, b in pairwise(widths)
        ]
        model = Sequential(*(part for dense in layers for part in (dense, activation())))
        dy = rng.normal(size=model.forward(rng.normal(size=(N, widths[0]))).shape)
        dx = model.backward(dy)
        bound = math.prod(s * np.linalg.norm(dense.W.value, 2) for dense in layers)
        lengths = np.linalg.norm(dx, axis=1), np.linalg.norm(dy, axis=1)
        assert (lengths[0] <= lengths[1] * bound * (1 + 1e-9)).all()


def normalized(x, axis, epsilon=1e-5):
    std = np.sqrt(x.var(axis=axis, keepdims=True) + epsilon)
    return (x - x.mean(axis=axis, keepdims=True)) / std, std


@settings(deadline=None, max_examples=30)
@given(SEEDS, st.integers(2, 7))
def test_the_slopes_of_the_normalized_values_are_the_stated_ones(seed, m):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=m) + 2 * np.arange(m)
    x_hat, std = normalized(x, 0)
    stated = (np.eye(m) - 1 / m - np.outer(x_hat, x_hat) / m) / std
    for i in range(m):
        measured = numerical_gradient(lambda i=i: float(normalized(x, 0)[0][i]), x)
        assert relative_error(stated[i], measured) < 1e-6
    assert relative_error(numerical_gradient(lambda: float(x.mean()), x), np.full(m, 1 / m)) < 1e-8
    measured = numerical_gradient(lambda: float(normalized(x, 0)[1][0]), x)
    assert relative_error(measured, x_hat / m) < 1e-6


@settings(deadline=None, max_examples=30)
@given(SEEDS, st.integers(2, 9), st.integers(2, 6))
def test_the_formula_of_backward_is_what_both_layers_compute(seed, N, D):
    rng = np.random.default_rng(seed)
    x, dy = rng.normal(size=(2, N, D))
    x += 6 * np.arange(N)[:, None] + 9 * np.arange(D)
    for layer, axis in ((BatchNorm(D), 0), (LayerNorm(D), 1)):
        layer.gamma.value[:], layer.beta.value[:] = rng.normal(size=(2, D))
        x_hat, std = normalized(x, axis)
        y = layer.forward(x, train=True)
        np.testing.assert_allclose(y, layer.gamma.value * x_hat + layer.beta.value)
        d = dy * layer.gamma.value
        mean = d.mean(axis=axis, keepdims=True)
        both = (d * x_hat).mean(axis=axis, keepdims=True)
        dx = layer.backward(dy)
        np.testing.assert_allclose(dx, (d - mean - x_hat * both) / std, atol=1e-12)
        np.testing.assert_allclose(dx.sum(axis=axis), 0, atol=1e-9)
        # What would stretch all values alike is gone, but for epsilon.
        rest = both * (1 - (x_hat**2).mean(axis=axis, keepdims=True)) / std
        along = (dx * x_hat).mean(axis=axis, keepdims=True)
        np.testing.assert_allclose(along, rest, atol=1e-9)
        measured = numerical_gradient(
            lambda layer=layer: float((layer.forward(x, train=True) * dy).sum()), x
        )
        assert relative_error(dx, measured) < 1e-6


@settings(deadline=None, max_examples=30)
@given(SEEDS, st.floats(0.5, 20))
def test_the_scale_of_weights_before_a_normalization_changes_only_their_gradient(seed, factor):
    rng = np.random.default_rng(seed)
    x, dy = rng.normal(size=(12, 5)), rng.normal(size=(12, 4))
    for make in (BatchNorm, LayerNorm):
        dense, norm = Dense(5, 4, rng=rng), make(4, epsilon=1e-12)
        model = Sequential(dense, norm)
        results = []
        for scale in (1, factor):
            dense.W.value *= scale
            model.zero_grad()
            results.append((model.forward(x, train=True), dense.W.grad))
            model.backward(dy)
            results[-1] = (results[-1][0], dense.W.grad.copy())
        (y, dW), (y_scaled, dW_scaled) = results
        np.testing.assert_allclose(y_scaled, y, atol=1e-7)
        np.testing.assert_allclose(dW_scaled * factor, dW, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("activation", [Sigmoid, Tanh, ReLU])
def test_a_normalized_layer_multiplies_gradients_by_the_stated_factor(activation, seed):
    nodes, weights = np.polynomial.hermite_e.hermegauss(100)
    weights = weights / weights.sum()
    layer = activation()
    f = layer.forward(nodes)
    slope = weights @ layer.backward(np.ones_like(nodes)) ** 2
    square = weights @ f**2
    if activation is ReLU:  # the mean of max(z, 0), whose kink the nodes see only roughly
        variance = square - 1 / (2 * math.pi)
        assert slope / variance == pytest.approx(math.pi / (math.pi - 1))
    else:
        variance = square - (weights @ f) ** 2
    for norm, size in ((BatchNorm, variance), (LayerNorm, square)):
        rng = np.random.default_rng(seed)
        dh = demos.propagate(activation, lecun, norm, rng=rng).dh
        measured = ((dh[0] ** 2).mean() / (dh[-1] ** 2).mean()) ** (1 / 49)
        assert measured == pytest.approx(slope / size, rel=0.05)


def test_the_numbers_of_the_questions_are_right():
    rng = np.random.default_rng(0)
    W = he((50, 200), 50, 200, rng)
    assert W.var() == pytest.approx(0.04, rel=0.05)
    variances, _ = demos.predict(ReLU, 1, depth=11)
    assert variances[-1] / variances[0] == pytest.approx(1 / 1024)
    _, squares = demos.predict(Sigmoid, 2)
    assert (squares[0] ** (1 / 49)) ** 0.5 == pytest.approx(1 / 3, rel=0.06)
