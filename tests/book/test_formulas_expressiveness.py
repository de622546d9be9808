"""Every formula of the chapter on expressiveness, over random instances."""

import re
from pathlib import Path

import numpy as np
import pytest

from course_lib import Dense, ReLU, Sequential, Tanh
from course_lib.demos.expressiveness import dense, through_points

SEEDS = range(20)
CHAPTER = Path(__file__).parents[2] / "book" / "architecture" / "expressiveness.md"


@pytest.mark.parametrize("seed", SEEDS)
def test_two_linear_layers_collapse_into_one(seed):
    rng = np.random.default_rng(seed)
    D_in, D_hidden, D_out = rng.integers(1, 6, 3)
    first, second = Dense(D_in, D_hidden, rng=rng), Dense(D_hidden, D_out, rng=rng)
    first.b.value[:], second.b.value[:] = rng.normal(size=D_hidden), rng.normal(size=D_out)
    W = first.W.value @ second.W.value
    b = first.b.value @ second.W.value + second.b.value
    x = rng.normal(size=(7, D_in))
    np.testing.assert_allclose(Sequential(first, second).forward(x), x @ W + b, atol=1e-12)
    bent = Sequential(first, Tanh(), second).forward(x)
    assert not np.allclose(bent, x @ W + b, atol=1e-3)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_linear_layer_keeps_midpoints_and_a_relu_does_not(seed):
    rng = np.random.default_rng(seed)
    layer = dense(rng.normal(size=(2, 5)), rng.normal(size=5))
    p, q = rng.normal(size=(2, 1, 2))
    middle = layer.forward((p + q) / 2)
    np.testing.assert_allclose(middle, (layer.forward(p) + layer.forward(q)) / 2)
    bent = Sequential(dense([[1.0]], [0.0]), ReLU())
    assert bent.forward([[0.0]]) != (bent.forward([[-1.0]]) + bent.forward([[1.0]])) / 2


@pytest.mark.parametrize("seed", SEEDS)
def test_a_relu_network_changes_its_slope_at_each_kink_by_the_output_weight(seed):
    rng = np.random.default_rng(seed)
    c, a = np.sort(rng.choice(100, 6, replace=False)) / 10, rng.normal(size=6)
    net = Sequential(dense(np.ones((1, 6)), -c), ReLU(), dense(a[:, None], rng.normal(size=1)))
    step = 0.04  # below half of the distance between two kinks

    def slope(x):
        near = net.forward(np.column_stack([x, x + step]).reshape(-1, 1)).reshape(-1, 2)
        return (near[:, 1] - near[:, 0]) / step

    np.testing.assert_allclose(slope(c) - slope(c - step), a, atol=1e-9)


@pytest.mark.parametrize("W", [3.0, 0.5, -0.5, -3.0])
def test_a_hinge_of_either_sign_raises_the_slope_by_the_size_of_its_weight(W):
    b = 0.75
    hinge = Sequential(dense([[W]], [b]), ReLU())
    left, kink, right = hinge.forward(-b / W + np.array([[-0.5], [0.0], [0.5]]))[:, 0]
    assert kink == pytest.approx(0, abs=1e-12)
    assert (right - kink) / 0.5 - (kink - left) / 0.5 == pytest.approx(abs(W))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_interpolator_passes_through_its_points_and_is_straight_between(seed):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=rng.integers(2, 40))
    x = rng.uniform(0, 1, 200)
    y = through_points(values).forward(x[:, None])[:, 0]
    np.testing.assert_allclose(y, np.interp(x, np.linspace(0, 1, len(values)), values), atol=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_error_is_at_most_m_w_squared_over_eight(seed):
    rng = np.random.default_rng(seed)
    amplitude, frequency = rng.normal(size=4), rng.uniform(0.5, 12, 4)
    shift = rng.uniform(0, 6, 4)
    M = np.abs(amplitude) @ frequency**2  # a bound on |f″|

    def f(x):
        return np.sin(np.multiply.outer(x, frequency) + shift) @ amplitude

    x = np.linspace(0, 1, 5001)
    n = int(rng.integers(1, 60))
    y = through_points(f(np.linspace(0, 1, n + 1))).forward(x[:, None])[:, 0]
    assert np.abs(y - f(x)).max() <= M / 8 / n**2 + 1e-12


def test_the_bound_is_met_by_a_parabola():
    x = np.linspace(0, 1, 6001)
    for n in (1, 2, 3, 5):
        y = through_points(np.linspace(0, 1, n + 1) ** 2).forward(x[:, None])[:, 0]
        assert np.abs(y - x**2).max() == pytest.approx(2 / 8 / n**2, rel=1e-6)


def test_the_error_for_the_square_root_falls_as_the_root_of_n():
    x = np.linspace(0, 1, 40001)
    for n in (4, 16, 64):
        y = through_points(np.sqrt(np.linspace(0, 1, n + 1))).forward(x[:, None])[:, 0]
        assert np.abs(y - np.sqrt(x)).max() == pytest.approx(0.25 / np.sqrt(n), rel=1e-2)


def test_each_layer_of_the_sawtooth_of_the_chapter_doubles_the_pieces():
    """Run the function as it stands in the chapter's cell."""
    code = re.search(r"^def sawtooth\(.*?^    return [^\n]*$", CHAPTER.read_text(), re.M | re.S)[0]
    from course_lib.demos import expressiveness as demos

    names = {"demos": demos, "ReLU": ReLU, "Sequential": Sequential}
    exec(code, names)
    x = np.arange(4097) / 4096

    def tent(x):
        return 2 * np.maximum(x, 0) - 4 * np.maximum(x - 0.5, 0)

    y = x
    for depth in range(1, 11):
        y = tent(y)
        folded = names["sawtooth"](depth).forward(x[:, None])[:, 0]
        np.testing.assert_array_equal(folded, y)
        assert 1 + np.count_nonzero(np.diff(y, 2)) == 2**depth
