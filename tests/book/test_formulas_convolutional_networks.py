"""The formulas of the chapter on convolutional networks, over random images and kernels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import Dense, ReLU, Sequential, count_parameters
from course_lib.challenges import Conv2D, MaxPool2D, im2col, output_size
from course_lib.demos import digit_reader as reader

SEEDS = range(6)


@st.composite
def convolutions(draw):
    """A layer and images on which its kernel fits."""
    K, stride = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    padding = draw(st.integers(0, K - 1))
    C, F = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    height, width = (draw(st.integers(K, K + 5)) for _ in range(2))
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    layer = Conv2D(C, F, K, rng=rng, stride=stride, padding=padding)
    layer.b.value[:] = rng.normal(size=F)
    return layer, rng.normal(size=(2, C, height, width)), rng


def padded(layer, x):
    return np.pad(x, ((0, 0), (0, 0), *((layer.padding, layer.padding),) * 2))


@settings(max_examples=40, deadline=None)
@given(convolutions())
def test_each_answer_is_the_sum_over_channels_rows_and_columns_plus_the_bias(problem):
    layer, x, rng = problem
    W, b, s, y = layer.W.value, layer.b.value, layer.stride, layer.forward(x)
    n, f, i, j = (rng.integers(0, size) for size in y.shape)
    image = padded(layer, x)[n]
    total = b[f]
    for c, u, v in np.ndindex(W.shape[1:]):
        total += image[c, i * s + u, j * s + v] * W[f, c, u, v]
    assert y[n, f, i, j] == pytest.approx(total)


@settings(max_examples=40, deadline=None)
@given(convolutions())
def test_one_matrix_product_gives_all_answers(problem):
    layer, x, _ = problem
    W, b, y = layer.W.value, layer.b.value, layer.forward(x)
    F, _, K, _ = W.shape
    rows = im2col(x, K, stride=layer.stride, padding=layer.padding)
    matrix = rows @ W.reshape(F, -1).T + b
    N, _, H_out, W_out = y.shape
    np.testing.assert_allclose(
        matrix.reshape(N, H_out, W_out, F).transpose(0, 3, 1, 2), y, atol=1e-12
    )


@settings(max_examples=40, deadline=None)
@given(convolutions())
def test_the_size_and_the_number_of_parameters_are_those_of_the_formulas(problem):
    layer, x, rng = problem
    (F, C, K, _), (_, _, H, W) = layer.W.value.shape, x.shape
    p, s = layer.padding, layer.stride
    H_out, W_out = (H + 2 * p - K) // s + 1, (W + 2 * p - K) // s + 1
    assert layer.forward(x).shape == (2, F, H_out, W_out)
    assert count_parameters(layer.parameters()) == F * (C * K**2 + 1)
    dense = Dense(C * H * W, F * H_out * W_out, rng=rng)
    assert count_parameters(dense.parameters()) == F * H_out * W_out * (C * H * W + 1)


@given(size=st.integers(1, 40), half=st.integers(0, 5))
def test_two_paddings_are_worth_remembering(size, half):
    K = 2 * half + 1
    assert output_size(size, K, padding=half) == size
    # With K - 1 every place counts at which the kernel touches one of the pixels.
    touching = [start for start in range(-50, 50) if start < size and start + K > 0]
    assert output_size(size, K, padding=K - 1) == len(touching)


@settings(max_examples=40, deadline=None)
@given(convolutions(), st.integers(0, 3), st.integers(0, 3))
def test_when_the_picture_moves_the_maps_move(problem, a, d):
    layer, x, rng = problem
    F, C, K, _ = layer.W.value.shape
    once = Conv2D(C, F, K, rng=rng, padding=K - 1)
    model = Sequential(once, ReLU())
    _, _, H, W = x.shape
    paper = np.zeros((2, C, H + 8, W + 8))
    moved = paper.copy()
    paper[:, :, :H, :W] = x
    moved[:, :, a : a + H, d : d + W] = x
    there, here = model.forward(moved), model.forward(paper)
    rows, columns = here.shape[2] - a, here.shape[3] - d
    np.testing.assert_allclose(there[:, :, a:, d:], here[:, :, :rows, :columns], atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(convolutions())
def test_gradients_of_a_convolution_collect_from_all_places(problem):
    layer, x, rng = problem
    W, s = layer.W.value, layer.stride
    dy = rng.normal(size=layer.forward(x).shape)
    dx = layer.backward(dy)
    image = padded(layer, x)
    dW, d_image = np.zeros(W.shape), np.zeros(image.shape)
    for n, f, i, j in np.ndindex(dy.shape):
        for c, u, v in np.ndindex(W.shape[1:]):
            dW[f, c, u, v] += dy[n, f, i, j] * image[n, c, i * s + u, j * s + v]
            d_image[n, c, i * s + u, j * s + v] += dy[n, f, i, j] * W[f, c, u, v]
    rows, columns = (slice(layer.padding, layer.padding + size) for size in x.shape[2:])
    np.testing.assert_allclose(layer.W.grad, dW, atol=1e-11)
    np.testing.assert_allclose(layer.b.grad, dy.sum(axis=(0, 2, 3)), atol=1e-11)
    np.testing.assert_allclose(dx, d_image[:, :, rows, columns], atol=1e-11)


@pytest.mark.parametrize("seed", SEEDS)
def test_max_pooling_keeps_the_largest_and_pays_it_alone(seed):
    rng = np.random.default_rng(seed)
    size, s = int(rng.integers(1, 4)), int(rng.integers(1, 4))
    x = rng.permutation(2 * 3 * 7 * 8).reshape(2, 3, 7, 8).astype(float)
    pool = MaxPool2D(size, stride=s)
    y = pool.forward(x)
    dy, expected = rng.normal(size=y.shape), np.zeros(x.shape)
    for n, c, i, j in np.ndindex(y.shape):
        window = [(i * s + u, j * s + v) for u in range(size) for v in range(size)]
        winner = max(window, key=lambda place: x[n, c][place])
        assert y[n, c, i, j] == x[n, c][winner]
        expected[n, c][winner] += dy[n, c, i, j]
    np.testing.assert_allclose(pool.backward(dy), expected, atol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_global_pooling_makes_the_answer_independent_of_the_place(seed):
    rng = np.random.default_rng(seed)
    model = reader.anywhere_reader(12, rng=rng)
    x = rng.random((3, 1, 8, 8)).astype(np.float32)
    answers = [
        model.forward(reader.place(x, down, right))
        for down in range(-2, 3)
        for right in range(-2, 3)
    ]
    for other in answers[1:]:
        np.testing.assert_allclose(other, answers[0], rtol=1e-5, atol=1e-5)
    # With biases the frame around the picture answers, and the place does matter.
    model.layers[0].b.value[:] = 1.0
    corner, middle = (model.forward(reader.place(x, d, d)) for d in (2, 0))
    assert not np.allclose(corner, middle, rtol=1e-3)


@pytest.mark.parametrize("L", [1, 2, 3, 4])
@pytest.mark.parametrize("K", [2, 3, 5])
def test_the_receptive_field_grows_by_a_kernel_less_one_with_each_layer(L, K):
    rng = np.random.default_rng(L)
    stack = [
        Conv2D(1, 1, K, rng=rng, initializer=lambda shape, *_: np.ones(shape)) for _ in range(L)
    ]
    model = Sequential(*stack)
    x = rng.normal(size=(1, 1, 22, 22))
    dy = np.zeros(model.forward(x).shape)
    dy[0, 0, 1, 2] = 1.0
    rows, columns = np.nonzero(model.backward(dy)[0, 0])
    width = 1 + L * (K - 1)
    assert (rows.min(), rows.max() + 1) == (1, 1 + width)
    assert (columns.min(), columns.max() + 1) == (2, 2 + width)
