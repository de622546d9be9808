"""The formulas of the chapter on recurrent networks, over random networks and sequences."""

import math

import numpy as np
import pytest

from course_lib import LSTM, RNN, clip_gradients, real_steps, sigmoid
from course_lib.training.loop import gradient_norm

SEEDS = range(8)


def drawn(kind, seed):
    """Return a layer with random weights, inputs, and a gradient of its states."""
    rng = np.random.default_rng(seed)
    N, T, D, H = rng.integers(1, 6, 4)
    layer = kind(D, H, rng=rng)
    for parameter in layer.parameters():
        parameter.value[...] = rng.normal(size=parameter.value.shape)
    return layer, rng.normal(size=(N, T, D)), rng.normal(size=(N, T, H)), rng.normal(size=(N, H))


@pytest.mark.parametrize("seed", SEEDS)
def test_each_state_is_made_from_its_input_and_the_state_before(seed):
    layer, x, _, h_prev = drawn(RNN, seed)
    W_x, W_h, b = (parameter.value for parameter in layer.parameters())
    h = layer.forward(x, h0=h_prev)
    for t in range(x.shape[1]):
        h_prev = np.tanh(x[:, t] @ W_x + h_prev @ W_h + b)
        np.testing.assert_allclose(h[:, t], h_prev, atol=1e-13)


@pytest.mark.parametrize(("D", "H"), [(20, 32), (3, 5), (1, 1)])
def test_the_weights_of_a_recurrent_layer_are_counted_without_its_steps(D, H):
    layer = RNN(D, H, rng=np.random.default_rng(0))
    assert sum(parameter.value.size for parameter in layer.parameters()) == H * (D + H + 1)


@pytest.mark.parametrize("seed", SEEDS)
def test_backpropagation_through_time_goes_as_the_chapter_writes_it(seed):
    layer, x, dy, h0 = drawn(RNN, seed)
    W_x, W_h, _ = (parameter.value for parameter in layer.parameters())
    h = layer.forward(x, h0=h0)
    dx = layer.backward(dy)
    T = x.shape[1]
    before = np.concatenate([h0[:, None], h[:, :-1]], axis=1)
    dz = np.zeros((len(x), T + 1, len(W_h)))  # after the last step nothing follows
    for t in reversed(range(T)):
        dh = dy[:, t] + dz[:, t + 1] @ W_h.T
        dz[:, t] = dh * (1 - h[:, t] * h[:, t])
        np.testing.assert_allclose(layer.dh[:, t], dh, atol=1e-12)
    dW_x = sum(x[:, t].T @ dz[:, t] for t in range(T))
    dW_h = sum(before[:, t].T @ dz[:, t] for t in range(T))
    np.testing.assert_allclose(layer.W_x.grad, dW_x, atol=1e-11)
    np.testing.assert_allclose(layer.W_h.grad, dW_h, atol=1e-11)
    np.testing.assert_allclose(layer.b.grad, dz.sum(axis=(0, 1)), atol=1e-11)
    np.testing.assert_allclose(dx, dz[:, :T] @ W_x.T, atol=1e-11)


@pytest.mark.parametrize("seed", range(40))
def test_no_gradient_reaches_farther_than_the_theorem_allows(seed):
    layer, x, dy, _ = drawn(RNN, seed)
    dy[:, :-1] = 0
    layer.forward(x)
    layer.backward(dy)
    stretch, T = np.linalg.norm(layer.W_h.value, 2), x.shape[1]
    norms = np.linalg.norm(layer.dh, axis=2)  # (N, T)
    for t in range(T):
        assert (norms[:, t] <= stretch ** (T - 1 - t) * norms[:, -1] * (1 + 1e-9)).all()


def test_the_bound_is_reached_where_all_slopes_are_one():
    rng = np.random.default_rng(0)
    layer = RNN(2, 4, rng=rng)
    layer.W_h.value[:] = 0.7 * np.linalg.qr(rng.normal(size=(4, 4)))[0]
    h = layer.forward(np.zeros((3, 6, 2)))  # all states are 0
    dy = np.zeros_like(h)
    dy[:, -1] = rng.normal(size=(3, 4))
    layer.backward(dy)
    norms = np.linalg.norm(layer.dh, axis=2)
    np.testing.assert_allclose(norms[:, 0], 0.7**5 * norms[:, -1], rtol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_clipping_scales_all_gradients_by_the_factor_of_the_formula(seed):
    rng = np.random.default_rng(seed)
    layer, _, _, _ = drawn(RNN, seed)
    for parameter in layer.parameters():
        parameter.grad += rng.normal(size=parameter.value.shape)
    before = [parameter.grad.copy() for parameter in layer.parameters()]
    length = math.sqrt(sum((g**2).sum() for g in before))
    norm = rng.choice([0.5, 2.0]) * length
    assert clip_gradients(layer.parameters(), norm) == pytest.approx(length)
    for parameter, g in zip(layer.parameters(), before, strict=True):
        np.testing.assert_allclose(parameter.grad, g * min(1, norm / length), atol=1e-14)
    assert gradient_norm(layer.parameters()) == pytest.approx(min(norm, length))


@pytest.mark.parametrize("seed", SEEDS)
def test_an_lstm_steps_as_the_chapter_writes_it(seed):
    layer, x, _, h = drawn(LSTM, seed)
    W_x, W_h, b = (parameter.value for parameter in layer.parameters())
    c = np.random.default_rng(seed).normal(size=h.shape)
    states = layer.forward(x, h0=h, c0=c)
    for t in range(x.shape[1]):
        z_i, z_f, z_o, z_g = np.split(x[:, t] @ W_x + h @ W_h + b, 4, axis=1)
        i, f, o = sigmoid(z_i), sigmoid(z_f), sigmoid(z_o)
        g = np.tanh(z_g)
        c = f * c + i * g
        h = o * np.tanh(c)
        np.testing.assert_allclose(layer.c[:, t], c, atol=1e-12)
        np.testing.assert_allclose(states[:, t], h, atol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_along_the_memory_alone_a_gradient_is_multiplied_by_the_forget_gate(seed):
    layer, x, dy, _ = drawn(LSTM, seed)
    layer.W_h.value[:] = 0  # cuts the path through the state
    layer.forward(x)
    dy[:, :-1] = 0
    layer.backward(dy)
    H = dy.shape[2]
    f = sigmoid(x @ layer.W_x.value + layer.b.value)[:, :, H : 2 * H]
    np.testing.assert_allclose(layer.dc[:, :-1], (f * layer.dc)[:, 1:], atol=1e-13)


@pytest.mark.parametrize("bias", [-2.0, 0.0, 1.0, 2.0, 4.0, 7.5])
def test_a_memory_fades_to_a_half_in_its_half_life(bias):
    k = math.log(2) / math.log(1 + math.exp(-bias))
    assert sigmoid(np.array([bias]))[0] ** k == pytest.approx(0.5)
    assert -math.log(sigmoid(np.array([bias]))[0]) == pytest.approx(math.log(1 + math.exp(-bias)))
    cell = LSTM(1, 1, rng=np.random.default_rng(0), forget_bias=bias)
    cell.W_x.value[:] = cell.W_h.value[:] = 0
    cell.forward(np.zeros((1, 40, 1)), c0=[[1.0]])
    np.testing.assert_allclose(cell.c[0, :, 0], 0.5 ** (np.arange(1, 41) / k), rtol=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_centring_a_word_takes_away_whatever_all_its_frames_share(seed):
    rng = np.random.default_rng(seed)
    N, T, D = 5, 9, 3
    lengths = rng.integers(1, T + 1, N)
    real = real_steps(lengths, "test", N, T)[:, :, None]

    def centred(x):
        mean = x.sum(axis=1) / lengths[:, None]
        return (x - mean[:, None]) * real

    x = rng.normal(size=(N, T, D)) * real
    np.testing.assert_allclose(centred(x).sum(axis=1), 0, atol=1e-12)
    timbre = rng.normal(size=(N, 1, D)) * real
    np.testing.assert_allclose(centred(x + timbre), centred(x), atol=1e-12)
