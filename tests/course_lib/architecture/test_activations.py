import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from course_lib import (
    LeakyReLU,
    ReLU,
    Sigmoid,
    Tanh,
    check_gradients,
    log_softmax,
    numerical_gradient,
    sigmoid,
    softmax,
)

ACTIVATIONS = [Sigmoid, Tanh, ReLU, LeakyReLU, lambda: LeakyReLU(0.0), lambda: LeakyReLU(0.9)]
FUNCTIONS = [sigmoid, softmax, log_softmax]
SHAPES = hnp.array_shapes(min_dims=1, max_dims=4, max_side=5)
scores = SHAPES.flatmap(lambda shape: hnp.arrays(np.float64, shape, elements=st.floats(-50, 50)))


def away_from_the_kink(shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Numbers that a step of 1e-5 cannot carry over 0, where ReLU has no derivative."""
    rng = np.random.default_rng(seed)
    return rng.choice([-1.0, 1.0], shape) * rng.uniform(0.01, 3.0, shape)


@pytest.mark.parametrize("make", ACTIVATIONS)
@given(shape=SHAPES, seed=st.integers(0, 2**32 - 1))
def test_an_activations_backward_is_its_numerical_gradient(make, shape, seed):
    x = away_from_the_kink(shape, seed)
    assert check_gradients(make(), x, rng=np.random.default_rng(seed))["x"] < 1e-6


@pytest.mark.parametrize("make", ACTIVATIONS)
def test_an_activation_keeps_float32_and_makes_everything_else_float64(make):
    for dtype, kept in ((np.float32, np.float32), (np.float64, np.float64), (np.int64, np.float64)):
        layer = make()
        y = layer.forward(np.array([[-2, 0, 3]], dtype))
        assert y.dtype == kept
        assert layer.backward(np.ones((1, 3), dtype)).dtype == kept


@pytest.mark.parametrize("make", ACTIVATIONS)
def test_an_activation_changes_neither_its_input_nor_its_output_later(make):
    x = away_from_the_kink((4, 3), 0)
    kept = x.copy()
    layer = make()
    y = layer.forward(x)
    kept_y = y.copy()
    first = layer.backward(np.ones((4, 3)))
    np.testing.assert_array_equal(layer.backward(np.ones((4, 3))), first)
    np.testing.assert_array_equal(x, kept)
    np.testing.assert_array_equal(y, kept_y)


@pytest.mark.parametrize("make", ACTIVATIONS)
def test_an_activation_refuses_backward_before_forward_and_a_gradient_of_another_shape(make):
    layer = make()
    with pytest.raises(RuntimeError, match="forward pass first"):
        layer.backward(np.ones((2, 3)))
    layer.forward(np.ones((2, 3)))
    # (3,) and (1, 3) would broadcast to the right shape with the wrong values.
    for shape in ((3,), (1, 3), (2, 1), (3, 2), (2, 3, 1)):
        with pytest.raises(ValueError, match=r"expected dy of shape \(2, 3\)"):
            layer.backward(np.ones(shape))


def test_relu_passes_no_gradient_at_zero_and_leaky_relu_its_leak():
    relu, leaky = ReLU(), LeakyReLU(0.25)
    relu.forward([[0.0]])
    leaky.forward([[0.0]])
    assert relu.backward(np.array([[8.0]])) == 0.0
    assert leaky.backward(np.array([[8.0]])) == 2.0


@given(scores)
def test_sigmoid_lies_between_0_and_1_and_is_symmetric(x):
    y = sigmoid(x)
    assert ((y > 0) & (y <= 1)).all()
    np.testing.assert_allclose(y + sigmoid(-x), 1.0, atol=1e-15)


@given(scores)
def test_softmax_is_a_distribution_that_ignores_a_common_shift(x):
    p = softmax(x)
    assert (p >= 0).all()
    np.testing.assert_allclose(p.sum(axis=-1), 1.0)
    np.testing.assert_allclose(softmax(x + 100.0), p, atol=1e-12)


@given(scores)
def test_log_softmax_is_the_logarithm_of_softmax(x):
    np.testing.assert_allclose(np.exp(log_softmax(x)), softmax(x), atol=1e-14)


@pytest.mark.parametrize("huge", [1e4, 1e30, 1e300])
def test_no_activation_overflows_on_huge_numbers(huge):
    x = np.array([[huge, -huge, 0.0]])
    np.testing.assert_array_equal(sigmoid(x), [[1.0, 0.0, 0.5]])
    np.testing.assert_array_equal(softmax(x), [[1.0, 0.0, 0.0]])
    np.testing.assert_array_equal(log_softmax(x), [[0.0, -2 * huge, -huge]])
    for make in ACTIVATIONS:
        layer = make()
        assert np.isfinite(layer.forward(x)).all()
        assert np.isfinite(layer.backward(np.ones((1, 3)))).all()


def test_small_probabilities_keep_their_logarithm():
    # log(softmax(x)) would be log(0): the reason why log_softmax exists.
    assert log_softmax([0.0, 800.0])[0] == -800.0


def test_each_row_has_a_maximum_of_its_own():
    # Shifted by the maximum of the whole batch, the second row would be exp(-2000) / 0.
    x = np.array([[1000.0, 0.0], [-1000.0, -1000.0]])
    np.testing.assert_array_equal(softmax(x), [[1.0, 0.0], [0.5, 0.5]])
    np.testing.assert_allclose(log_softmax(x), [[0.0, -1000.0], np.log([0.5, 0.5])])


def test_sigmoid_and_softmax_are_right_at_known_points():
    assert sigmoid(math.log(3.0)) == pytest.approx(0.75, abs=1e-15)
    np.testing.assert_allclose(softmax(np.log([1.0, 2.0, 5.0])), [1 / 8, 2 / 8, 5 / 8])


@pytest.mark.parametrize("function", FUNCTIONS + [make().forward for make in ACTIVATIONS])
def test_what_is_not_a_finite_real_array_is_refused(function):
    for wrong in ("a", [["a", "b"]], [[1j, 2.0]], [[None, 1.0]], [[1.0, 2.0], [3.0]], None):
        with pytest.raises(TypeError, match="expected x"):
            function(wrong)
    for wrong in ([[np.nan]], [[np.inf, 1.0]], [], np.zeros((0, 2))):
        with pytest.raises(ValueError, match="expected"):
            function(wrong)


@pytest.mark.parametrize("function", [softmax, log_softmax])
def test_a_single_number_has_no_softmax(function):
    with pytest.raises(ValueError, match="shape"):
        function(1.0)


def test_a_leak_outside_0_to_1_is_refused():
    for leak in (-0.1, 1.0, math.nan):
        with pytest.raises(ValueError, match="leak"):
            LeakyReLU(leak)
    for leak in ("a", True, None):
        with pytest.raises(TypeError, match="leak"):
            LeakyReLU(leak)


def test_a_leak_that_is_a_numpy_number_leaves_float32_alone():
    # np.float64(0.1) * float32 array is float64: the leak must be a Python float.
    assert LeakyReLU(np.float64(0.1)).forward(np.ones((1, 2), np.float32)).dtype == np.float32


def test_activations_agree_with_pytorch():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    x, dy = rng.normal(size=(2, 6, 5)) * 3
    pairs = [
        (Sigmoid(), torch.sigmoid),
        (Tanh(), torch.tanh),
        (ReLU(), torch.relu),
        (LeakyReLU(0.2), lambda t: torch.nn.functional.leaky_relu(t, 0.2)),
    ]
    for layer, oracle in pairs:
        tensor = torch.tensor(x, requires_grad=True)
        expected = oracle(tensor)
        expected.backward(torch.tensor(dy))
        np.testing.assert_allclose(layer.forward(x), expected.detach().numpy(), atol=1e-12)
        np.testing.assert_allclose(layer.backward(dy), tensor.grad.numpy(), atol=1e-12)
    for ours, oracle in ((softmax, torch.softmax), (log_softmax, torch.log_softmax)):
        np.testing.assert_allclose(ours(x), oracle(torch.tensor(x), dim=-1).numpy(), atol=1e-12)


def test_the_slope_of_sigmoid_is_at_most_a_quarter():
    x = np.array([0.0])
    assert numerical_gradient(lambda: float(sigmoid(x)[0]), x) == pytest.approx(0.25, abs=1e-9)
    layer = Sigmoid()
    layer.forward(np.linspace(-5, 5, 101))
    assert layer.backward(np.ones(101)).max() == 0.25
