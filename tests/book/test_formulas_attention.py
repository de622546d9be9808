"""The formulas of the chapter on attention, over random queries, keys and values."""

import itertools
import math

import numpy as np
import pytest

from course_lib import (
    MultiHeadAttention,
    TransformerBlock,
    attention,
    attention_backward,
    causal_mask,
    numerical_gradient,
    relative_error,
    softmax,
)
from course_lib.datasets import load_text
from course_lib.demos import attention as demos

SEEDS = range(8)


def drawn(seed):
    """Return random queries, keys and values: T, S, D and E all at chance."""
    rng = np.random.default_rng(seed)
    T, S, D, E = rng.integers(1, 7, 4)
    return rng.normal(size=(T, D)), rng.normal(size=(S, D)), rng.normal(size=(S, E)), rng


@pytest.mark.parametrize("seed", SEEDS)
def test_attention_is_the_softmax_of_scaled_dot_products_times_the_values(seed):
    q, k, v, _ = drawn(seed)
    y, weights = attention(q, k, v)
    for t in range(len(q)):
        shares = np.array([math.exp(q[t] @ key / math.sqrt(q.shape[1])) for key in k])
        np.testing.assert_allclose(weights[t], shares / shares.sum(), atol=1e-12)
        np.testing.assert_allclose(
            y[t], sum(w * value for w, value in zip(weights[t], v, strict=True))
        )


@pytest.mark.parametrize("D", [1, 2, 3, 5, 7])
def test_a_dot_product_of_d_terms_has_variance_d_exactly(D):
    """All pairs of vectors of signs: independent entries with mean 0 and variance 1."""
    signs = np.array(list(itertools.product((-1, 1), repeat=D)))
    products = signs @ signs.T
    assert products.mean() == 0
    assert products.var() == pytest.approx(D)
    assert (products / np.sqrt(D)).var() == pytest.approx(1)


@pytest.mark.parametrize("draw", ["normal", "uniform", "exponential"])
def test_a_dot_product_has_variance_d_whatever_the_distribution(draw):
    rng, D = np.random.default_rng(0), 20
    make = {
        "normal": lambda: rng.normal(size=(100_000, D)),
        "uniform": lambda: rng.uniform(-math.sqrt(3), math.sqrt(3), (100_000, D)),
        "exponential": lambda: rng.exponential(size=(100_000, D)) - 1,
    }[draw]
    assert (make() * make()).sum(axis=1).var() == pytest.approx(D, rel=0.05)


@pytest.mark.parametrize("seed", SEEDS)
def test_several_heads_attend_to_queries_keys_and_values_of_their_own(seed):
    rng = np.random.default_rng(seed)
    T, heads, width = (int(n) for n in rng.integers(1, 5, 3))
    D = heads * width
    layer = MultiHeadAttention(D, heads, rng=rng, causal=True)
    layer.b_qkv.value[...], layer.b_o.value[...] = rng.normal(size=3 * D), rng.normal(size=D)
    x = rng.normal(size=(1, T, D))
    W_q, W_k, W_v = np.split(layer.W_qkv.value, 3, axis=1)
    b_q, b_k, b_v = np.split(layer.b_qkv.value, 3)
    q, k, v = x[0] @ W_q + b_q, x[0] @ W_k + b_k, x[0] @ W_v + b_v
    cuts = [slice(i * width, (i + 1) * width) for i in range(heads)]
    joined = np.hstack([attention(q[:, c], k[:, c], v[:, c], causal_mask(T))[0] for c in cuts])
    expected = joined @ layer.W_o.value + layer.b_o.value
    np.testing.assert_allclose(layer.forward(x)[0], expected, atol=1e-12)
    assert layer.weights.shape == (1, heads, T, T)


def test_a_mask_after_the_softmax_would_let_the_future_show():
    q, k, v = np.random.default_rng(0).normal(size=(3, 4, 3))
    weights = attention(q, k, v)[1] * causal_mask(4)
    assert (weights[:-1].sum(axis=1) < 1).all()
    k[3] += 1
    again = attention(q, k, v)[1] * causal_mask(4)
    assert not np.allclose(again[0], weights[0])
    inside = attention(q, k, v, causal_mask(4))[1][:3]
    k[3] += 5
    np.testing.assert_array_equal(attention(q, k, v, causal_mask(4))[1][:3], inside)


@pytest.mark.parametrize("seed", SEEDS)
def test_exchanging_steps_exchanges_outputs_and_nothing_else(seed):
    rng = np.random.default_rng(seed)
    layer = MultiHeadAttention(6, 2, rng=rng)
    x, order = rng.normal(size=(2, 7, 6)), rng.permutation(7)
    np.testing.assert_allclose(layer.forward(x[:, order]), layer.forward(x)[:, order], atol=1e-12)


@pytest.mark.parametrize(("D", "s"), [(2, 1), (8, 3), (32, 0), (32, 17)])
def test_the_dot_product_of_two_places_depends_on_their_distance_alone(D, s):
    P = np.array(
        [
            [(math.sin, math.cos)[j % 2](t * 10000 ** (-2 * (j // 2) / D)) for j in range(D)]
            for t in range(40)
        ]
    )
    expected = sum(math.cos(s * 10000 ** (-2 * i / D)) for i in range(D // 2))
    for t in range(40 - s):
        assert P[t] @ P[t + s] == pytest.approx(expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_gradient_of_attention_goes_as_the_chapter_writes_it(seed):
    q, k, v, rng = drawn(seed)
    y, weights = attention(q, k, v)
    dy = rng.normal(size=y.shape)
    dv, dweights = weights.T @ dy, dy @ v.T
    dscores = weights * (dweights - (dweights * weights).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(dscores.sum(axis=1), 0, atol=1e-12)
    root = math.sqrt(q.shape[1])
    expected = dscores @ k / root, dscores.T @ q / root, dv
    for array, ours, formula in zip(
        (q, k, v), attention_backward(dy, q, k, v, weights), expected, strict=True
    ):
        np.testing.assert_allclose(ours, formula, atol=1e-12)
        slope = numerical_gradient(lambda: float((attention(q, k, v)[0] * dy).sum()), array)
        assert relative_error(formula, slope) < 1e-6


@pytest.mark.parametrize("seed", SEEDS)
def test_a_block_adds_its_two_halves_as_the_chapter_writes_it(seed):
    rng = np.random.default_rng(seed)
    block = TransformerBlock(6, 3, 5, rng=rng, causal=True)
    x = rng.normal(size=(2, 4, 6))
    u = x + block.attention.forward(block.norm_attention.forward(x))
    y = u + block.network.forward(block.norm_network.forward(u))
    np.testing.assert_allclose(block.forward(x), y, atol=1e-12)


@pytest.mark.parametrize("temperature", [0.2, 1.0, 3.0])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_temperature_raises_weights_to_its_inverse(seed, temperature):
    scores = np.random.default_rng(seed).normal(size=9)
    w = softmax(scores)
    expected = w ** (1 / temperature) / (w ** (1 / temperature)).sum()
    np.testing.assert_allclose(softmax(scores / temperature), expected, atol=1e-12)
    np.testing.assert_allclose(demos.with_temperature(w, temperature), expected, atol=1e-12)


def test_a_weight_moves_with_its_own_score_by_w_times_one_minus_w():
    scores = np.random.default_rng(0).normal(size=5)
    w = softmax(scores)
    for i in range(5):
        up, down = (softmax(scores + sign * 1e-5 * np.eye(5)[i])[i] for sign in (1, -1))
        assert (up - down) / 2e-5 == pytest.approx(w[i] * (1 - w[i]), rel=1e-6)


def test_the_tables_of_the_first_picture_behave_as_the_chapter_says():
    seen, unseen = demos.split_text(load_text())
    known, good, tables = [], [], {}
    for k in range(1, 13):
        tables[k] = {seen[i - k : i]: seen[i] for i in range(k, len(seen))}
        found = [
            tables[k][unseen[i - k : i]] == unseen[i]
            for i in range(k, len(unseen))
            if unseen[i - k : i] in tables[k]
        ]
        known.append(len(found) / (len(unseen) - k))
        good.append(np.mean(found))
    assert known == sorted(known, reverse=True)
    assert known[0] > 0.98
    assert known[-1] < 1 / 3
    assert good[0] < 1 / 3
    assert good[-1] > 2 * good[0]
    # All together, the longest known stretch first, they guess better than the tiny transformer.
    hits = []
    for i in range(12, len(unseen)):
        k = next((k for k in range(12, 0, -1) if unseen[i - k : i] in tables[k]), None)
        hits.append(k is not None and tables[k][unseen[i - k : i]] == unseen[i])
    looks = demos.learn()
    assert np.mean(hits) > looks[-1].right
    assert sum(map(len, tables.values())) > 10 * sum(
        parameter.value.size for parameter in looks[-1].model.parameters()
    )
