"""What the chapter on backpropagation states in text, formulas and code, checked in numbers.

The chapter works one network three times: in its tables, in its demo and in its code. The three
must agree to the last digit shown.
"""

import contextlib
import io
import itertools
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import (
    Dense,
    MeanSquaredError,
    ReLU,
    Sequential,
    Sigmoid,
    Tanh,
    numerical_gradient,
    relative_error,
)
from course_lib.demos import backpropagation as demo
from course_lib.demos.worked_network import entries, write

CHAPTER = Path(__file__).parents[2] / "book" / "training" / "backpropagation.md"
TEXT = CHAPTER.read_text(encoding="utf-8")
SEEDS = st.integers(0, 2**32 - 1)
PLAIN = str.maketrans("₁₂−·²", "12-*2")


def cell(start: str) -> str:
    """Return the chapter's code cell that begins with this line."""
    cells = re.findall(r"(?s)```\{code-cell\} ipython3\n(?:---.*?---\n)?(.*?)```", TEXT)
    (found,) = [code for code in cells if code.startswith(start)]
    return found


def rows() -> list[list[str]]:
    """Return the rows of the chapter's two tables of worked numbers."""
    tables = re.findall(r"(?m)(?:^\|.*\n)+", TEXT)
    worked = [table for table in tables if table.startswith("| Number | Rule |")]
    assert len(worked) == 2
    lines = [line for table in worked for line in table.splitlines()[2:]]
    return [[part.strip() for part in line.strip("|").split("|")] for line in lines]


def test_the_tables_of_the_text_are_the_steps_of_the_demo():
    steps = demo.steps("ReLU")
    assert len(rows()) == len(steps)
    for (name, how, numbers, result), step in zip(rows(), steps, strict=True):
        assert (name, how, numbers, result) == (
            step.name,
            step.how,
            step.numbers,
            write(step.result),
        )


def test_the_numbers_in_the_tables_give_their_results_exactly():
    for name, how, numbers, result in rows():
        expression = (numbers or how).replace(")²", ")**2").translate(PLAIN)
        value = eval(expression, {"__builtins__": {}, "max": max})
        assert value == pytest.approx(float(result.translate(PLAIN)), abs=1e-12), name


def test_the_code_by_hand_prints_the_numbers_of_the_demo():
    namespace: dict[str, float] = {}
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(cell("x1, x2, t = 1, 2, 1\n"), namespace)
    values, gradients = map(entries, demo.both_passes("ReLU"))
    for step in demo.steps("ReLU"):
        if step.name != "dloss":
            assert namespace[step.name.translate(PLAIN)] == pytest.approx(step.result, abs=1e-12)
    for name in ("z₁", "h₂", "y", "loss"):
        assert f"{values[name]:.4g}" in printed.getvalue()
    for name in ("W₁₁", "W₁₂", "W₂₁", "W₂₂", "b₁", "b₂", "V₁", "V₂", "c", "x₁", "x₂"):
        assert f"{gradients[name]:.4g}" in printed.getvalue()


def test_the_library_prints_the_numbers_of_the_demo():
    names = {"np": np, "rng": np.random.default_rng(0), "Dense": Dense, "ReLU": ReLU}
    names |= {"Sequential": Sequential, "MeanSquaredError": MeanSquaredError}
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(cell("hidden, output = Dense(2, 2, rng=rng)"), names)
    _, gradients = demo.both_passes("ReLU")
    for name in ("W", "b", "V", "c", "x"):
        assert f"d{name} {gradients[name].round(4).tolist()}\n" in printed.getvalue()


def test_the_measured_slope_of_the_text_is_the_computed_one():
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(cell("def loss_of("), {})
    assert f"that is {demo.both_passes('ReLU')[1]['W'][1, 0]:.2f} for each unit" in (
        printed.getvalue()
    )


@given(SEEDS)
def test_slopes_multiply_along_a_path_and_add_over_paths(seed):
    """A random network of two hidden layers, its paths listed one by one."""
    rng = np.random.default_rng(seed)
    x, U, V, w = (rng.normal(size=shape) for shape in ((2,), (2, 3), (3, 2), (2,)))
    z = np.tanh(x @ U)
    h = np.tanh(z @ V)
    by_paths = np.zeros(2)
    for i, j, k in itertools.product(range(2), range(3), range(2)):
        by_paths[i] += U[i, j] * (1 - z[j] ** 2) * V[j, k] * (1 - h[k] ** 2) * w[k]
    measured = numerical_gradient(lambda: float(np.tanh(np.tanh(x @ U) @ V) @ w), x)
    assert relative_error(by_paths, measured) < 1e-6


@given(SEEDS, st.integers(1, 3), st.integers(1, 4))
def test_paths_multiply_with_the_layers(seed, layers, width):
    """The number of paths is width ** layers: the product of all-ones matrices counts them."""
    paths = np.ones(width)  # from the weight into each neuron of the first of these layers
    for _ in range(layers - 1):
        paths = paths @ np.ones((width, width))
    assert paths.sum() == width**layers


@given(SEEDS, st.integers(1, 5), st.integers(1, 4), st.integers(1, 4))
def test_the_sums_the_products_and_the_measured_slopes_of_a_dense_layer_agree(seed, N, D_in, D_out):
    rng = np.random.default_rng(seed)
    x, W = rng.normal(size=(N, D_in)), rng.normal(size=(D_in, D_out))
    b, dy = rng.normal(size=D_out), rng.normal(size=(N, D_out))

    def projected() -> float:
        return float(((x @ W + b) * dy).sum())

    summed = (
        np.einsum("ni,nj->ij", x, dy),
        np.einsum("nj->j", dy),
        np.einsum("nj,ij->ni", dy, W),
    )
    for by_sum, product, value in zip(
        summed, (x.T @ dy, dy.sum(axis=0), dy @ W.T), (W, b, x), strict=True
    ):
        assert product.shape == value.shape
        assert relative_error(by_sum, product) < 1e-12
        assert relative_error(product, numerical_gradient(projected, value)) < 1e-6


@given(SEEDS)
def test_the_slopes_of_the_activations_are_the_stated_ones(seed):
    rng = np.random.default_rng(seed)
    x, dy = rng.normal(size=(2, 4, 3))
    x += np.where(x > 0, 0.01, -0.01)  # off the kink
    s = 1 / (1 + np.exp(-x))
    assert np.allclose(np.exp(-x) * (1 + np.exp(-x)) ** -2, s * (1 - s))
    assert (s * (1 - s)).max() <= 0.25
    for layer, slope in ((ReLU(), x > 0), (Sigmoid(), s * (1 - s)), (Tanh(), 1 - np.tanh(x) ** 2)):
        layer.forward(x)
        assert np.allclose(layer.backward(dy), dy * slope)


@given(SEEDS)
def test_a_bypass_adds_its_gradient(seed):
    rng = np.random.default_rng(seed)
    f = Sequential(Dense(3, 3, rng=rng), Tanh())
    x, dy = rng.normal(size=(2, 4, 3))
    f.forward(x)
    dx = dy + f.backward(dy)
    measured = numerical_gradient(lambda: float(((x + f.forward(x)) * dy).sum()), x)
    assert relative_error(dx, measured) < 1e-6


@given(SEEDS, st.integers(1, 6))
def test_the_loss_starts_with_twice_the_error_over_its_size(seed, N):
    rng = np.random.default_rng(seed)
    y, t = rng.normal(size=(2, N, 2))
    loss_fn = MeanSquaredError()
    loss_fn.forward(y, t)
    assert np.allclose(loss_fn.backward(), 2 * (y - t) / y.size)
    measured = numerical_gradient(lambda: loss_fn.forward(y, t), y)
    assert relative_error(2 * (y - t) / y.size, measured) < 1e-6


def test_the_planted_bug_shows_where_the_text_says_that_it_does():
    names = {"np": np, "Dense": Dense, "Sequential": Sequential, "Tanh": Tanh}
    code = cell("class Careless(Dense)")
    exec(code[: code.index("x, y = moons")], names)
    from course_lib import check_gradients

    x = np.random.default_rng(0).normal(size=(10, 2))
    errors = check_gradients(names["build"](names["Careless"]), x, rng=np.random.default_rng(0))
    wrong = {name for name, error in errors.items() if error > 1e-6}
    assert wrong == {"x", "parameter 0", "parameter 1"}
