"""The equations of the chapter on layers, computed number by number as they are printed."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from course_lib import Dense, ReLU, Sequential, count_parameters
from course_lib.demos import layers as demos

widths = st.integers(1, 6)
seeds = st.integers(0, 2**32 - 1)


def relu(z: np.ndarray) -> np.ndarray:
    return np.array([max(0.0, value) for value in z.ravel()]).reshape(z.shape)


def weighted_sums(x: np.ndarray, W: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Equation layers-sum, one neuron and one example at a time."""
    z = np.empty((len(x), len(b)))
    for n in range(len(x)):
        for j in range(len(b)):
            z[n, j] = sum(x[n, i] * W[i, j] for i in range(len(W))) + b[j]
    return z


@given(N=widths, D_in=widths, D_out=widths, seed=seeds)
def test_one_product_gives_every_neurons_sum_for_every_example(
    N: int, D_in: int, D_out: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    layer = Dense(D_in, D_out, rng=rng)
    layer.b.value[:] = rng.normal(size=D_out)
    x = rng.normal(size=(N, D_in))
    z = weighted_sums(x, layer.W.value, layer.b.value)
    assert_allclose(layer.forward(x), z, atol=1e-12)
    assert_allclose(x @ layer.W.value + layer.b.value, z, atol=1e-12)


@given(N=st.integers(2, 6), D_in=widths, D_out=widths, seed=seeds)
def test_a_row_of_a_batch_is_what_it_would_be_alone(
    N: int, D_in: int, D_out: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    layer, x = Dense(D_in, D_out, rng=rng), rng.normal(size=(N, D_in))
    alone = np.concatenate([layer.forward(x[n : n + 1]) for n in range(N)])
    assert_allclose(layer.forward(x), alone, atol=1e-12)


@given(N=widths, D_in=widths, D_1=widths, D_out=widths, seed=seeds)
def test_a_network_is_two_layers_with_a_relu_between(
    N: int, D_in: int, D_1: int, D_out: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    model = Sequential(Dense(D_in, D_1, rng=rng), ReLU(), Dense(D_1, D_out, rng=rng))
    W_1, b_1, W_2, b_2 = (parameter.value for parameter in model.parameters())
    b_1[:], b_2[:] = rng.normal(size=D_1), rng.normal(size=D_out)
    x = rng.normal(size=(N, D_in))
    h = relu(weighted_sums(x, W_1, b_1))
    assert_allclose(model.forward(x), weighted_sums(h, W_2, b_2), atol=1e-12)


@given(widths=st.lists(widths, min_size=2, max_size=6))
def test_the_library_counts_the_parameters_that_the_formula_counts(widths: list[int]) -> None:
    model = demos.fully_connected(widths, np.random.default_rng(0))
    pairs = list(pairwise(widths))
    counted = count_parameters(model.parameters())
    assert counted == sum(D_in * D_out + D_out for D_in, D_out in pairs)
    assert counted == sum((D_in + 1) * D_out for D_in, D_out in pairs)


@pytest.mark.parametrize(
    ("widths", "number"),
    [
        ([64, 32, 10], 2410),
        ([64, 16, 10], 1210),
        ([64, 10], 650),
        ([64, 32, 32, 10], 3466),
        ([100, 20], 2020),
        ([3, 4, 4, 2], 46),
    ],
)
def test_the_numbers_of_parameters_in_the_text_and_the_quiz_are_right(
    widths: list[int], number: int
) -> None:
    model = demos.fully_connected(widths, np.random.default_rng(0))
    assert count_parameters(model.parameters()) == number


def test_the_three_neurons_of_the_text_compute_xor() -> None:
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    h = (x @ [[1, 1], [1, 1]] + [-0.5, -1.5] > 0).astype(int)
    y = (h @ [[1], [-1]] + [-0.5] > 0).astype(int)
    assert_array_equal(h[:, 0], x.any(axis=1))
    assert_array_equal(h[:, 1], x.all(axis=1))
    assert_array_equal(y[:, 0], x[:, 0] ^ x[:, 1])


@given(N=widths, D=widths, D_out=widths, seed=seeds)
def test_a_projection_that_changes_nothing_is_no_projection(
    N: int, D: int, D_out: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    x, layer = rng.normal(size=(N, D)), Dense(D, D, rng=rng)
    f = ReLU().forward(layer.forward(x))
    assert_allclose(x @ np.eye(D) + f, x + f)
    W_s, wide = rng.normal(size=(D, D_out)), Dense(D, D_out, rng=rng)
    assert (x @ W_s + ReLU().forward(wide.forward(x))).shape == (N, D_out)


def test_without_hidden_layer_about_as_many_digits_are_read_and_two_neurons_lose_many() -> None:
    bare, wide, narrow = (demos.share_read(demos.digit_reader(*w)) for w in [(), (32,), (2,)])
    assert abs(bare - wide) < 0.02
    assert 0.3 < narrow < 0.8 < wide
