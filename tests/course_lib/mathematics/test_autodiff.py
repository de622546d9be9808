import ast
import inspect

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from course_lib.mathematics import Tensor, autodiff, tape
from course_lib.mathematics.autodiff import concatenate, stack
from course_lib.mathematics.tape import topological_order, unbroadcast
from course_lib.training import numerical_gradient, relative_error

SEEDS = st.integers(0, 2**32 - 1)
SHAPES = hnp.array_shapes(min_dims=0, max_dims=3, max_side=4)
PAIRS = hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3)

BINARY = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "maximum": lambda a, b: a.maximum(b),
}
UNARY = {
    "negative": lambda x: -x,
    "square": lambda x: x**2,
    "root": lambda x: x**0.5,
    "inverse": lambda x: x**-1,
    "power zero": lambda x: x**0,
    "exp": Tensor.exp,
    "log": Tensor.log,
    "tanh": Tensor.tanh,
    "sigmoid": Tensor.sigmoid,
    "relu": lambda x: (x - 1.0123).relu(),
    "sum": Tensor.sum,
    "mean": Tensor.mean,
    "max": Tensor.max,
    "transpose": Tensor.transpose,
    "flat": lambda x: x.reshape(-1),
    "used twice": lambda x: x * x + x,
}


def agrees_with_central_differences(function, *values, rng):
    """Both gradients of ``sum(function(*values) * dy)`` for a random dy, for each value."""
    values = [np.array(value, dtype=float) for value in values]
    inputs = [Tensor(value) for value in values]
    y = function(*inputs)
    dy = rng.normal(size=y.shape)
    y.backward(dy)

    def f():
        return float((function(*map(Tensor, values)).value * dy).sum())

    for tensor, value in zip(inputs, values, strict=True):
        assert tensor.grad.shape == value.shape
        assert relative_error(tensor.grad, numerical_gradient(f, value)) < 1e-6


def apart(rng, shape):
    """Positive numbers, no two of them close, so that no maximum changes sides.

    Neither is any close to 1.0123, nor to one of another array plus 0.00531.
    """
    size = int(np.prod(shape))
    return ((rng.permutation(size) + 0.6) / size * 2 + 0.1).reshape(shape)


@pytest.mark.parametrize("name", BINARY)
@settings(deadline=None, max_examples=25)
@given(pair=PAIRS, seed=SEEDS)
def test_operations_of_two_broadcast_and_match_central_differences(name, pair, seed):
    rng = np.random.default_rng(seed)
    a, b = (apart(rng, shape) for shape in pair.input_shapes)
    agrees_with_central_differences(BINARY[name], a, b + 0.00531, rng=rng)


@pytest.mark.parametrize("name", UNARY)
@settings(deadline=None, max_examples=15)
@given(shape=SHAPES, seed=SEEDS)
def test_operations_of_one_match_central_differences(name, shape, seed):
    rng = np.random.default_rng(seed)
    agrees_with_central_differences(UNARY[name], apart(rng, shape), rng=rng)


@pytest.mark.parametrize("reduce", [Tensor.sum, Tensor.mean, Tensor.max])
@settings(deadline=None, max_examples=25)
@given(data=st.data(), seed=SEEDS, keepdims=st.booleans())
def test_reductions_along_axes_match_central_differences(reduce, data, seed, keepdims):
    rng = np.random.default_rng(seed)
    shape = data.draw(hnp.array_shapes(min_dims=1, max_dims=3, max_side=4))
    axis = data.draw(st.none() | hnp.valid_tuple_axes(len(shape), min_size=1))
    x = apart(rng, shape)
    numpy_function = {Tensor.sum: np.sum, Tensor.mean: np.mean, Tensor.max: np.max}[reduce]
    got = reduce(Tensor(x), axis, keepdims=keepdims).value
    np.testing.assert_allclose(got, numpy_function(x, axis=axis, keepdims=keepdims))
    agrees_with_central_differences(lambda t: reduce(t, axis, keepdims=keepdims), x, rng=rng)


@settings(deadline=None, max_examples=40)
@given(
    shapes=hnp.mutually_broadcastable_shapes(signature=np.matmul.signature, max_dims=2, max_side=3),
    seed=SEEDS,
)
def test_matrix_products_of_vectors_matrices_and_batches_match_central_differences(shapes, seed):
    rng = np.random.default_rng(seed)
    a, b = (rng.normal(size=shape) for shape in shapes.input_shapes)
    np.testing.assert_allclose((Tensor(a) @ Tensor(b)).value, a @ b)
    agrees_with_central_differences(lambda a, b: a @ b, a, b, rng=rng)


@pytest.mark.parametrize(
    "index",
    [
        0,
        (1, -1),
        slice(1, None),
        (slice(None), slice(None, None, -1)),
        (..., None, 0),
        np.array([0, 0, 2]),
        (np.array([0, 1, 1]), np.array([2, 2, 2])),
        np.array([[0, 1], [1, 0]]),
        np.array([True, False, True]),
    ],
)
def test_indexing_matches_central_differences(index):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(3, 4))
    np.testing.assert_array_equal(Tensor(x)[index].value, x[index])
    agrees_with_central_differences(lambda t: t[index], x, rng=rng)


def test_a_repeated_index_collects_the_gradient_of_every_use():
    x = Tensor([1.0, 2.0])
    x[[0, 0, 0]].backward([1.0, 10.0, 100.0])
    np.testing.assert_array_equal(x.grad, [111.0, 0.0])


@settings(deadline=None, max_examples=20)
@given(axes=st.permutations(range(3)), seed=SEEDS)
def test_transposing_matches_central_differences(axes, seed):
    rng = np.random.default_rng(seed)
    agrees_with_central_differences(
        lambda t: t.transpose(*axes), rng.normal(size=(2, 3, 4)), rng=rng
    )


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_joining_matches_central_differences(axis):
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=(2, 2, 3, 4))
    agrees_with_central_differences(lambda a, b: concatenate([a, b * 2.0, a], axis), a, b, rng=rng)
    agrees_with_central_differences(lambda a, b: stack([a, b, a * b], axis), a, b, rng=rng)


def test_arrays_and_numbers_are_operands_on_either_side():
    x = np.array([1.0, 2.0])
    pairs = [
        (1 + Tensor(x), 1 + x),
        (1 - Tensor(x), 1 - x),
        (3 * Tensor(x), 3 * x),
        (3 / Tensor(x), 3 / x),
        (x * Tensor(x), x * x),
        (x - Tensor(2 * x), -x),
        (x / Tensor(x), x / x),
        (np.ones((4, 2)) @ Tensor(x), np.ones((4, 2)) @ x),
        (Tensor(x) @ np.ones((2, 3)), x @ np.ones((2, 3))),
        (Tensor(x) - np.float64(1), x - 1),
    ]
    for tensor, expected in pairs:
        assert isinstance(tensor, Tensor)
        np.testing.assert_allclose(tensor.value, expected)


def test_a_product_of_a_value_with_itself_collects_both_gradients():
    """A tape that wrote `t.grad = g` kept only the last of both: d(x·x)/dx at 3 came out as 3."""
    x = Tensor(3.0)
    (x * x).backward()
    assert x.grad == 6


def test_a_node_passes_its_gradient_on_only_when_it_is_complete():
    """Walking back without an order sends the first half of a shared node's gradient on alone."""
    x = Tensor(2.0)
    shared = x * 3
    y = shared * shared.exp() + shared
    y.backward()
    z = 6.0
    assert x.grad == pytest.approx(3 * (np.exp(z) + z * np.exp(z) + 1))


def test_gradients_of_two_backward_passes_add_up_and_zero_grad_forgets_them():
    x = Tensor([1.0, 2.0])
    y = (x * x).sum()
    y.backward()
    y.backward()
    np.testing.assert_array_equal(x.grad, [4.0, 8.0])
    x.zero_grad()
    np.testing.assert_array_equal(x.grad, [0.0, 0.0])
    y.backward()
    np.testing.assert_array_equal(x.grad, [2.0, 4.0])


def test_gradients_of_different_nodes_never_share_memory():
    a, b = Tensor([1.0]), Tensor([2.0])
    (a + b).backward([1.0])
    a.grad += 10
    np.testing.assert_array_equal(b.grad, [1.0])


def test_a_chain_of_5000_operations_works():
    """A tape that walked back by recursion died of a RecursionError at 2,000 operations."""
    x = Tensor(1.0)
    y = x
    for _ in range(5000):
        y = y * 1.0001 + 0.001
    y.backward()
    assert x.grad == pytest.approx(1.0001**5000)
    del y  # freeing a long chain must not recurse either


def test_a_ladder_of_shared_nodes_is_walked_once_a_node_and_not_once_a_path():
    x = Tensor(1.0)
    y = x
    for _ in range(60):  # 2**60 paths
        y = (y + y) * 0.5
    y.backward()
    assert x.grad == pytest.approx(1)
    assert len(topological_order(y)) == 60 * 3 + 1


def test_parents_stand_before_children_in_the_order():
    x = Tensor(1.0)
    a = x.exp()
    b = a * x
    y = b + a
    order = topological_order(y)
    assert len(order) == 4
    for node in order:
        for parent in node.parents:
            assert order.index(parent) < order.index(node)


@settings(deadline=None, max_examples=50)
@given(pair=PAIRS, seed=SEEDS)
def test_unbroadcasting_is_the_transpose_of_broadcasting(pair, seed):
    """⟨broadcast(x), dy⟩ = ⟨x, unbroadcast(dy)⟩ for every x and dy."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=pair.input_shapes[0])
    dy = rng.normal(size=pair.result_shape)
    left = (np.broadcast_to(x, dy.shape) * dy).sum()
    assert left == pytest.approx((x * unbroadcast(dy, x.shape)).sum())


def test_a_misspelt_attribute_is_an_error_when_read_and_when_set():
    x = Tensor(1.0)
    with pytest.raises(AttributeError, match="gard"):
        _ = x.gard
    with pytest.raises(AttributeError, match="gard"):
        x.gard = 1.0


@pytest.mark.parametrize("value", [np.nan, [1.0, np.inf], []])
def test_a_tensor_refuses_what_is_not_finite(value):
    with pytest.raises(ValueError, match="Tensor expected"):
        Tensor(value)
    with pytest.raises(ValueError, match="Tensor expected"):
        Tensor(1.0) + value


@pytest.mark.parametrize("value", ["1", ["a"], [[1.0], [1.0, 2.0]], 1j, None])
def test_a_tensor_refuses_what_is_not_a_number(value):
    with pytest.raises(TypeError, match="Tensor expected"):
        Tensor(value)


def test_backward_from_an_array_needs_its_gradient():
    y = Tensor([1.0, 2.0]) * 2
    with pytest.raises(ValueError, match=r"got shape \(2,\).*y.sum\(\).backward\(\)"):
        y.backward()
    with pytest.raises(ValueError, match=r"dy of shape \(2,\), got \(3,\)"):
        y.backward([1.0, 2.0, 3.0])
    Tensor([[5.0]]).backward()


def test_an_exponent_on_the_tape_is_refused_with_the_way_out():
    with pytest.raises(TypeError, match=r"x\.log"):
        Tensor(2.0) ** Tensor(3.0)


def test_a_tie_of_maximum_goes_to_the_second_and_of_max_is_shared():
    a, b, c = Tensor(1.0), Tensor(1.0), Tensor([2.0, 2.0, 1.0])
    a.maximum(b).backward()
    assert (a.grad, b.grad) == (0, 1)
    c.max().backward()
    np.testing.assert_array_equal(c.grad, [0.5, 0.5, 0.0])
    zero = Tensor(0.0)
    zero.relu().backward()
    assert zero.grad == 0


def test_sigmoid_neither_overflows_nor_loses_small_values():
    x = Tensor([-800.0, -30.0, 0.0, 800.0])
    y = x.sigmoid()
    y.backward(np.ones(4))
    np.testing.assert_allclose(y.value, [0, np.exp(-30) / (1 + np.exp(-30)), 0.5, 1], rtol=1e-12)
    assert np.isfinite(x.grad).all()


def test_the_zeroth_power_has_slope_zero_also_at_zero():
    x = Tensor(0.0)
    (x**0).backward()
    assert x.grad == 0


def test_the_value_given_is_copied_and_left_unchanged():
    value = np.array([1.0, 2.0])
    x = Tensor(value)
    value[0] = 9.0
    assert x.value[0] == 1


def test_float32_stays_float32_in_values_and_gradients():
    x = Tensor(np.ones((2, 3), np.float32))
    y = ((x * 2.0 - 1) / 3).tanh().mean() + x.sum() ** 2
    y.backward()
    assert y.value.dtype == x.grad.dtype == np.float32


def test_the_tape_imports_no_layer():
    for module in (autodiff, tape):
        for statement in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(statement, ast.ImportFrom):
                assert not str(statement.module).startswith(
                    ("course_lib.architecture", "course_lib.training", "course_lib.challenges")
                )


def softmax_cross_entropy(x, W, b, target):
    logits = (x @ W + b).tanh() * 3
    shifted = logits - logits.max(-1, keepdims=True)
    return (shifted.exp().sum(-1).log() - shifted[np.arange(len(target)), target]).mean()


def test_gradients_equal_those_of_pytorch():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(3)
    x, W, b = rng.normal(size=(5, 4)), rng.normal(size=(4, 3)), rng.normal(size=3)
    target = rng.integers(0, 3, 5)
    ours = [Tensor(a) for a in (x, W, b)]
    softmax_cross_entropy(*ours, target).backward()
    theirs = [torch.tensor(a, requires_grad=True) for a in (x, W, b)]
    logits = torch.tanh(theirs[0] @ theirs[1] + theirs[2]) * 3
    torch.nn.functional.cross_entropy(logits, torch.tensor(target)).backward()
    for a, t in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a.grad, t.grad.numpy(), rtol=0, atol=1e-10)


def test_each_operation_equals_that_of_pytorch():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(4)
    a, b = rng.uniform(0.5, 2, (2, 3, 4)), rng.uniform(0.5, 2, (4, 3))
    dy = rng.normal(size=(2, 3, 3))
    order = [2, 0, 0, 1]
    cases = [
        (lambda a, b: a @ b, lambda a, b: a @ b),
        (
            lambda a, b: (a.exp().log() / b.transpose()) @ b.sigmoid(),
            lambda a, b: (a.exp().log() / b.T) @ b.sigmoid(),
        ),
        (
            lambda a, b: (a - 1).relu() @ b.maximum(1.2) - a.max(-1, keepdims=True) ** 1.5,
            lambda a, b: (
                (a - 1).relu() @ b.maximum(torch.tensor(1.2, dtype=a.dtype))
                - a.amax(-1, keepdim=True) ** 1.5
            ),
        ),
        (
            lambda a, b: a[:, order][:, :3] @ b * a.mean((0, 2)).reshape(3, 1).tanh(),
            lambda a, b: a[:, order][:, :3] @ b * a.mean((0, 2)).reshape(3, 1).tanh(),
        ),
    ]
    for tape_version, torch_version in cases:
        ours = Tensor(a), Tensor(b)
        tape_version(*ours).backward(dy)
        theirs = torch.tensor(a, requires_grad=True), torch.tensor(b, requires_grad=True)
        torch_version(*theirs).backward(torch.tensor(dy))
        for mine, other in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(mine.grad, other.grad.numpy(), rtol=0, atol=1e-10)
