"""The equations of the chapter on gradient descent, checked over random problems."""

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from course_lib import (
    SGD,
    MeanSquaredError,
    Parameter,
    Quadratic,
    batches,
    descend,
    numerical_gradient,
    relative_error,
)
from course_lib.demos import gradient_descent as demos

sizes = st.integers(1, 6)
seeds = st.integers(0, 2**32 - 1)


def problem(N: int, D: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(N, D)), rng.normal(size=N), rng.normal(size=D)


def loss(X: np.ndarray, y: np.ndarray, W: np.ndarray) -> float:
    """Equation gradient-descent-loss, one example at a time."""
    total = sum((sum(X[i, j] * W[j] for j in range(len(W))) - y[i]) ** 2 for i in range(len(y)))
    return float(total / len(y))


@given(N=sizes, D=sizes, seed=seeds)
def test_the_loss_is_the_librarys(N: int, D: int, seed: int) -> None:
    X, y, W = problem(N, D, seed)
    assert MeanSquaredError().forward(X @ W, y) == pytest.approx(loss(X, y, W))


@given(N=sizes, D=sizes, seed=seeds)
def test_the_gradient_of_a_line_as_a_sum_as_a_product_and_measured(
    N: int, D: int, seed: int
) -> None:
    X, y, W = problem(N, D, seed)
    r = X @ W - y
    as_sum = [2 / N * sum(r[i] * X[i, j] for i in range(N)) for j in range(D)]
    assert_allclose(demos.gradient(X, y, W), as_sum, atol=1e-12)
    loss_fn = MeanSquaredError()
    loss_fn.forward(X @ W, y)
    assert_allclose(X.T @ loss_fn.backward(), as_sum, atol=1e-12)
    assert relative_error(as_sum, numerical_gradient(lambda: loss(X, y, W), W)) < 1e-7


@given(seed=seeds, D=sizes)
def test_a_numerical_gradient_costs_two_evaluations_a_weight(seed: int, D: int) -> None:
    X, y, W = problem(5, D, seed)
    calls = []

    def f() -> float:
        calls.append(1)
        return loss(X, y, W)

    numerical_gradient(f, W)
    assert len(calls) == 2 * D


@given(a=st.floats(-2, 2), b=st.floats(-2, 2), c=st.floats(-2, 2), w=st.floats(-2, 2))
def test_looking_ahead_is_off_by_half_h_times_the_second_derivative(
    a: float, b: float, c: float, w: float
) -> None:
    def f(w: float) -> float:
        return a * w**3 + b * w**2 + c * w

    h = 1e-3
    first, second = 3 * a * w**2 + 2 * b * w + c, 6 * a * w + 2 * b
    assert (f(w + h) - f(w)) / h - first == pytest.approx(h / 2 * second, abs=3e-6)
    assert (f(w + h) - f(w - h)) / (2 * h) - first == pytest.approx(a * h**2, abs=1e-9)


@given(N=sizes, D=sizes, seed=seeds)
def test_no_direction_is_steeper_than_the_gradient(N: int, D: int, seed: int) -> None:
    X, y, W = problem(N, D, seed)
    g = demos.gradient(X, y, W)
    length = float(np.linalg.norm(g))
    u = np.random.default_rng(seed).normal(size=(100, D))
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    assert (np.abs(u @ g) <= length * (1 + 1e-12)).all()
    assert g @ (g / length) == pytest.approx(length)
    # The line of the proof, and the chain rule along a direction.
    assert_allclose(
        ((g - (u @ g)[:, None] * u) ** 2).sum(axis=1), length**2 - (u @ g) ** 2, atol=1e-9
    )
    h = 1e-5
    for direction in u[:5]:
        rise = loss(X, y, W + h * direction) - loss(X, y, W - h * direction)
        assert rise / (2 * h) == pytest.approx(g @ direction, abs=1e-6 * max(1, length))


@given(N=sizes, D=sizes, seed=seeds, lr=st.floats(0.001, 1))
def test_sgd_takes_the_step_of_the_rule(N: int, D: int, seed: int, lr: float) -> None:
    X, y, W = problem(N, D, seed)
    weights = Parameter(W)
    weights.grad += demos.gradient(X, y, W)
    SGD([weights], lr=lr).step()
    assert_allclose(weights.value, W - lr * demos.gradient(X, y, W))


@given(curvature=st.floats(0.1, 10), share=st.floats(0.01, 1.5), seed=seeds)
def test_on_a_parabola_a_step_multiplies_the_distance(
    curvature: float, share: float, seed: int
) -> None:
    lr = share * 2 / curvature
    start = np.random.default_rng(seed).uniform(1, 2)
    path = descend(Quadratic([[curvature]]), [start], lambda p: SGD(p, lr=lr), steps=6)[:, 0]
    assert_allclose(path, start * (1 - lr * curvature) ** np.arange(7), rtol=1e-9, atol=1e-12)
    if abs(share - 1) > 1e-6:
        assert (abs(path[-1]) < start) == (share < 1)


@settings(max_examples=20)
@given(D=st.integers(1, 4), seed=seeds)
def test_the_steepest_direction_sets_the_largest_rate(D: int, seed: int) -> None:
    X, y, W = problem(8, D, seed)
    border = 2 / np.linalg.eigvalsh(2 * X.T @ X / len(y)).max()
    lowest = np.linalg.lstsq(X, y)[0]

    def far(lr: float) -> float:
        V = W.copy()
        for _ in range(500):
            V -= lr * demos.gradient(X, y, V)
        return float(np.linalg.norm(V - lowest))

    start = float(np.linalg.norm(W - lowest))
    assert far(0.99 * border) < start
    assert far(1.02 * border) > start


@settings(max_examples=25)
@given(N=st.integers(2, 5), D=st.integers(1, 3), seed=seeds)
def test_a_mini_batch_is_right_on_average_and_its_noise_falls_with_its_size(
    N: int, D: int, seed: int
) -> None:
    """All batches that there are, drawn with and without repetition."""
    X, y, W = problem(N, D, seed)
    full = demos.gradient(X, y, W)
    g = 2 * (X @ W - y)[:, None] * X
    s2 = ((g - full) ** 2).sum(axis=1).mean()
    for m in range(1, N + 1):
        independent = np.array([g[list(rows)].mean(axis=0) for rows in product(range(N), repeat=m)])
        distinct = np.array(
            [demos.gradient(X[list(rows)], y[list(rows)], W) for rows in combinations(range(N), m)]
        )
        for drawn, factor in ((independent, 1.0), (distinct, (N - m) / (N - 1))):
            assert_allclose(drawn.mean(axis=0), full, atol=1e-9)
            noise = ((drawn - full) ** 2).sum(axis=1).mean()
            assert noise == pytest.approx(s2 / m * factor, abs=1e-9)


@given(batch=st.integers(1, 5), count=st.integers(1, 5), seed=seeds)
def test_the_batches_of_an_epoch_average_to_the_full_gradient(
    batch: int, count: int, seed: int
) -> None:
    X, y, W = problem(batch * count, 3, seed)
    dealt = batches(X, y, size=batch, rng=np.random.default_rng(seed))
    mean = np.mean([demos.gradient(x, target, W) for x, target in dealt], axis=0)
    assert_allclose(mean, demos.gradient(X, y, W), atol=1e-9)
