"""What the chapter on automatic differentiation states, checked on random programs.

The tape of the chapter's cells is run as it is printed there. Its slopes are compared with the
library's tape, with sums over all paths, with its own forward mode and with measured slopes.
"""

import contextlib
import io
import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import (
    Dense,
    MeanSquaredError,
    Sequential,
    Tanh,
    Tensor,
    numerical_gradient,
    relative_error,
)

CHAPTER = Path(__file__).parents[2] / "book" / "mathematics" / "automatic-differentiation.md"
TEXT = CHAPTER.read_text(encoding="utf-8")
CELLS = re.findall(r"(?s)```\{code-cell\} ipython3\n(?:---.*?---\n)?(.*?)```", TEXT)
SEEDS = st.integers(0, 2**32 - 1)


def cell(start: str) -> str:
    """Return the chapter's code cell that begins with this line."""
    (found,) = [code for code in CELLS if code.startswith(start)]
    return found


def run(code: str, names: dict[str, Any]) -> str:
    """Run a cell and return what it prints."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(code, names)
    return printed.getvalue()


@cache
def tape() -> dict[str, Any]:
    """Run the cells that define the chapter's tape and its forward mode."""
    names: dict[str, Any] = {"np": np}
    for start in ("# The tape, part 1", "# The tape, part 2", "# The tape, part 3"):
        run(cell(start), names)
    run(cell("def follow_paths").split("\n\n\n")[0], names)
    run(cell("class Dual").split("\n\n\n")[0], names)
    run(cell("def f(x, A, B)").split("\n\n\nsizes")[0], {**names, "names": names})
    return names


def program(rng: np.random.Generator, operations: int, inputs: int) -> list[tuple[str, int, int]]:
    """Draw a program: each operation takes two of the values that there are by then."""
    return [
        (str(rng.choice(["+", "*", "tanh"])), *map(int, rng.integers(0, inputs + i, 2)))
        for i in range(operations)
    ]


def execute(steps: list[tuple[str, int, int]], values: list[Any]) -> Any:
    """Run a program on any kind of numbers that know +, * and tanh."""
    values = list(values)
    for name, i, j in steps:
        a, b = values[i], values[j]
        values.append(a + b if name == "+" else a * b if name == "*" else a.tanh())
    return values[-1]


def by_paths(steps: list[tuple[str, int, int]], x: np.ndarray) -> np.ndarray:
    """Add up the products of local slopes over all paths, each followed by itself."""
    values = list(x)
    links: list[list[tuple[int, float]]] = [[] for _ in x]
    for name, i, j in steps:
        a, b = values[i], values[j]
        if name == "+":
            links.append([(i, 1.0), (j, 1.0)])
            values.append(a + b)
        elif name == "*":
            links.append([(i, b), (j, a)])
            values.append(a * b)
        else:
            values.append(np.tanh(a))
            links.append([(i, 1 - values[-1] ** 2)])
    slopes = np.zeros(len(values))

    def follow(node: int, product: float) -> None:
        slopes[node] += product
        for parent, slope in links[node]:
            follow(parent, product * slope)

    follow(len(values) - 1, 1.0)
    return slopes[: len(x)]


@given(SEEDS, st.integers(1, 9), st.integers(1, 3))
def test_tape_paths_forward_mode_library_and_measurement_agree(seed, operations, inputs):
    rng = np.random.default_rng(seed)
    x, steps = rng.uniform(-1, 1, inputs), program(rng, operations, inputs)
    Value, Dual, backward = (tape()[name] for name in ("Value", "Dual", "backward"))
    expected = by_paths(steps, x)

    values = [Value(number) for number in x]
    backward(execute(steps, values))
    ours = np.array([float(value.grad) for value in values])

    tensors = [Tensor(number) for number in x]
    execute(steps, tensors).backward()
    library = np.array([float(tensor.grad) for tensor in tensors])

    forward = np.array(
        [
            float(execute(steps, [Dual(a, float(i == k)) for k, a in enumerate(x)]).slope)
            for i in range(inputs)
        ]
    )
    measured = numerical_gradient(lambda: float(execute(steps, [Dual(a, 0.0) for a in x]).value), x)
    for found in (ours, library, forward):
        assert relative_error(found, expected) < 1e-12
    assert relative_error(expected, measured) < 1e-5


@given(SEEDS, st.integers(1, 9), st.integers(1, 3))
def test_in_the_order_of_the_tape_every_node_comes_once_and_after_all_its_users(
    seed, operations, inputs
):
    rng = np.random.default_rng(seed)
    Value = tape()["Value"]
    steps = program(rng, operations, inputs)
    end = execute(steps, [Value(number) for number in rng.uniform(-1, 1, inputs)])
    nodes = tape()["order"](end)
    assert nodes[0] is end
    places = {id(node): place for place, node in enumerate(nodes)}
    assert len(places) == len(nodes)
    for node in nodes:
        for parent in node.parents:
            assert places[id(parent)] > places[id(node)]


@given(SEEDS, st.integers(1, 9), st.integers(1, 3))
def test_in_any_order_with_all_users_first_the_gradients_are_sums_over_paths(
    seed, operations, inputs
):
    rng = np.random.default_rng(seed)
    x, steps = rng.uniform(-1, 1, inputs), program(rng, operations, inputs)
    Value = tape()["Value"]
    values = [Value(number) for number in x]
    end = execute(steps, values)
    waiting = tape()["order"](end)
    end.grad = end.grad + 1.0
    while waiting:  # not the order of the tape: draw any node all of whose users have passed on
        ready = [n for n in waiting if not any(n in user.parents for user in waiting)]
        node = ready[int(rng.integers(len(ready)))]
        waiting.remove(node)
        for parent, dx in zip(node.parents, node.pull(node.grad) if node.pull else (), strict=True):
            parent.grad += dx
    assert relative_error([float(v.grad) for v in values], by_paths(steps, x)) < 1e-12


class Counted:
    """A slope that counts the products that are made with it or with what comes of it."""

    __array_ufunc__ = None  # products with NumPy's numbers are ours, too
    products = 0

    def __init__(self, number: float) -> None:
        self.number = number

    def __add__(self, other: Any) -> "Counted":
        return Counted(self.number + getattr(other, "number", other))

    __radd__ = __add__

    def __mul__(self, other: Any) -> "Counted":
        Counted.products += 1
        return Counted(self.number * float(other))

    __rmul__ = __mul__


@given(SEEDS, st.integers(1, 9), st.integers(1, 4))
def test_a_sweep_takes_at_most_two_products_for_each_operation(seed, operations, inputs):
    rng = np.random.default_rng(seed)
    x, steps = rng.uniform(-1, 1, inputs), program(rng, operations, inputs)
    Value, Dual = tape()["Value"], tape()["Dual"]
    expected = by_paths(steps, x)

    forward = []
    for i in range(inputs):
        Counted.products = 0
        end = execute(steps, [Dual(a, Counted(float(i == k))) for k, a in enumerate(x)])
        forward.append(end.slope.number)
        assert Counted.products <= 2 * operations
    assert relative_error(forward, expected) < 1e-12

    values = [Value(number) for number in x]
    nodes = tape()["order"](execute(steps, values))
    Counted.products = 0
    for node in nodes:
        node.grad = Counted(float(node is nodes[0]))
    for node in nodes:
        for parent, dx in zip(node.parents, node.pull(node.grad) if node.pull else (), strict=True):
            parent.grad = parent.grad + dx
    assert Counted.products <= 2 * operations
    unused = [value for value in values if value not in nodes]
    for value in unused:
        value.grad = Counted(0.0)
    assert relative_error([value.grad.number for value in values], expected) < 1e-12


@given(SEEDS, st.integers(1, 5), st.integers(1, 5))
@settings(max_examples=30)
def test_both_modes_find_the_jacobian_in_the_stated_number_of_sweeps(seed, n, m):
    rng = np.random.default_rng(seed)
    names = dict(tape())
    run(cell("def f(x, A, B)").split("\n\n\ndef seconds")[0], names)
    sweeps = {"forward": 0, "reverse": 0}
    plain, backward = names["f"], names["backward"]

    def f(x: Any, A: Any, B: Any) -> Any:
        sweeps["forward"] += isinstance(x, names["Dual"])
        return plain(x, A, B)

    def counted(end: Any, dy: Any) -> None:
        sweeps["reverse"] += 1
        backward(end, dy)

    names.update(f=f, backward=counted)
    x, A, B = (rng.normal(size=shape) for shape in ((1, n), (n, 4), (4, m)))
    forward, reverse = names["forward_mode"](x, A, B), names["reverse_mode"](x, A, B)
    assert forward.shape == reverse.shape == (m, n)
    assert sweeps == {"forward": n, "reverse": m}
    assert relative_error(forward, reverse) < 1e-12
    slopes = 1 - np.tanh(x @ A) ** 2
    J_3, J_2, J_1 = B.T, np.diag(slopes[0]), A.T
    assert relative_error(forward, J_3 @ (J_2 @ J_1)) < 1e-12
    assert relative_error(reverse, (J_3 @ J_2) @ J_1) < 1e-12


@given(st.floats(-1.5, 1.5))
def test_the_slope_of_the_chain_is_the_product(x):
    y, v = np.exp(np.tanh(x**2)), np.tanh(x**2)
    at = np.array([x])
    measured = numerical_gradient(lambda: float(np.exp(np.tanh(at[0] ** 2))), at)
    assert y * (1 - v**2) * 2 * x == pytest.approx(measured[0], abs=1e-7)


@given(SEEDS, st.integers(1, 4), st.integers(1, 4), st.integers(1, 4))
def test_the_pull_of_a_matrix_product_is_the_stated_one(seed, a, b, c):
    rng = np.random.default_rng(seed)
    A, B, dY = (rng.normal(size=shape) for shape in ((a, b), (b, c), (a, c)))
    for value, slope in ((A, dY @ B.T), (B, A.T @ dY)):
        measured = numerical_gradient(lambda: float(((A @ B) * dY).sum()), value)
        assert relative_error(slope, measured) < 1e-6


@given(st.integers(1, 10))
def test_following_paths_visits_each_node_once_for_each_path_from_it(doublings):
    names = tape()
    z = names["Value"](1.0)
    for _ in range(doublings):
        z = z + z
    assert names["follow_paths"](z, 1.0) == 2 ** (doublings + 1) - 1
    assert len(names["order"](z)) == doublings + 1


def test_the_tape_of_the_chapter_has_fewer_than_sixty_lines_and_agrees_with_layers():
    names: dict[str, Any] = {"np": np, "Dense": Dense, "MeanSquaredError": MeanSquaredError}
    names |= {"Sequential": Sequential, "Tanh": Tanh}
    names |= {"numerical_gradient": numerical_gradient, "relative_error": relative_error}
    names |= tape()
    names["In"] = [code.rstrip("\n") for code in CELLS]
    printed = run(cell("def loss_of("), names)
    assert int(re.search(r"lines of our tape: (\d+)", printed)[1]) < 60
    by_layers, by_tape = re.search(r"loss (\S+) by layers, (\S+) by the tape", printed).groups()
    assert by_layers == by_tape
    rows = re.findall(r"^d[WbVc]\s+(\S+)\s+(\S+)$", printed, re.MULTILINE)
    assert len(rows) == 4
    assert all(float(a) < 1e-14 and float(b) < 1e-8 for a, b in rows)
    printed = run(cell("class Dual"), names)
    assert printed.startswith("dW after 24 sweeps")
    assert float(printed.split()[-1]) < 1e-14


def test_the_first_picture_shows_the_slopes_that_its_description_says():
    x, w, b, t = (Tensor(value) for value in (2.0, 0.5, -0.6, 1.0))
    answer = (x * w + b).tanh()
    loss = (answer - t) ** 2
    loss.backward()
    alt = re.search(r"alt: >-\n(.*)", TEXT)[1].replace("−", "-")
    for number in (answer.value, loss.value, answer.grad, b.grad, w.grad):
        assert f"{float(number):.3g}" in alt


def test_a_branch_can_hide_a_slope():
    names: dict[str, Any] = {"np": np, "Tensor": Tensor}
    code = cell("def same(x)").split("\n\nz = ")[0]
    assert re.findall(r"slope (\d)", run(code, names)) == ["1", "0", "1"]
