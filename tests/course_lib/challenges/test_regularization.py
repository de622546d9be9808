import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

from course_lib.architecture import Dense, Parameter, ReLU, Sequential
from course_lib.challenges.regularization import L1, L2, Dropout
from course_lib.training.gradcheck import numerical_gradient

seeds = st.integers(0, 2**32)


def parameters(seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    return [Parameter(rng.normal(size=shape).astype(dtype)) for shape in ((3, 4), (4,), (2, 3, 2))]


@pytest.mark.parametrize("penalty", [L1(0.3), L2(0.3), L1(2.0, biases=True), L2(2, biases=True)])
def test_gradients_are_the_derivatives_of_the_penalty(penalty):
    chosen = parameters()
    penalty.add_gradients(chosen)
    for parameter in chosen:
        expected = numerical_gradient(lambda: penalty.penalty(chosen), parameter.value)
        np.testing.assert_allclose(parameter.grad, expected, atol=1e-8)


@pytest.mark.parametrize("kind", [L1, L2])
def test_gradients_are_added_to_those_of_the_loss(kind):
    one, other = parameters(), parameters()
    kind(0.5).add_gradients(one)
    for parameter in other:
        parameter.grad += 7.0
    kind(0.5).add_gradients(other)
    for a, b in zip(one, other, strict=True):
        np.testing.assert_allclose(b.grad, a.grad + 7)
        assert a.grad.any() == (a.value.ndim >= 2)


@pytest.mark.parametrize("kind", [L1, L2])
def test_values_are_left_alone(kind):
    chosen = parameters()
    kind(0.5, biases=True).penalty(chosen)
    kind(0.5, biases=True).add_gradients(chosen)
    for parameter, expected in zip(chosen, parameters(), strict=True):
        np.testing.assert_array_equal(parameter.value, expected.value)


@settings(deadline=None)
@given(st.floats(0.01, 100))
def test_penalties_are_the_formulas(strength):
    W, b, K = (parameter.value for parameter in parameters())
    assert L2(strength).penalty(parameters()) == pytest.approx(
        strength / 2 * ((W**2).sum() + (K**2).sum())
    )
    assert L1(strength, biases=True).penalty(parameters()) == pytest.approx(
        strength * sum(np.abs(array).sum() for array in (W, b, K))
    )


def test_l1_does_not_push_a_weight_that_is_zero():
    W = Parameter([[0.0, -0.0, 1e-300, -2.0]])
    L1(0.5).add_gradients([W])
    np.testing.assert_array_equal(W.grad, [[0, 0, 0.5, -0.5]])


@pytest.mark.parametrize("kind", [L1, L2])
def test_float32_gradients_stay_float32(kind):
    chosen = parameters(dtype=np.float32)
    kind(0.1).add_gradients(chosen)
    assert {parameter.grad.dtype for parameter in chosen} == {np.dtype(np.float32)}
    assert type(kind(0.1).penalty(chosen)) is float


def test_l2_is_pytorchs_weight_decay():
    torch = pytest.importorskip("torch")
    (W,) = parameters()[:1]
    tensor = torch.tensor(W.value.copy(), requires_grad=True)
    tensor.grad = torch.ones_like(tensor)
    torch.optim.SGD([tensor], lr=0.1, weight_decay=0.3).step()
    W.grad += 1.0
    L2(0.3).add_gradients([W])
    np.testing.assert_allclose(W.value - 0.1 * W.grad, tensor.detach().numpy())


@pytest.mark.parametrize("kind", [L1, L2])
def test_a_penalty_without_effect_is_refused(kind):
    bias = [Parameter([1.0, 2.0])]
    for method in (kind(0.1).penalty, kind(0.1).add_gradients):
        with pytest.raises(ValueError, match=f"{kind.__name__} expected parameters with a weight"):
            method(bias)
    assert kind(0.1, biases=True).penalty(bias) > 0


@pytest.mark.parametrize("kind", [L1, L2])
def test_a_strength_of_zero_or_less_is_refused(kind):
    for strength in (0, -1.0, np.nan):
        with pytest.raises(ValueError, match=f"{kind.__name__} expected strength above 0"):
            kind(strength)
    with pytest.raises(TypeError, match=f"{kind.__name__} expected strength to be a number"):
        kind("0.1")


@settings(deadline=None)
@given(array_shapes(max_dims=4, max_side=6), st.floats(0, 0.99), seeds, st.booleans())
def test_dropout_zeroes_or_scales_forward_and_backward_alike(shape, rate, seed, single):
    rng = np.random.default_rng(seed)
    dtype = np.float32 if single else np.float64
    x = rng.uniform(1, 2, size=shape).astype(dtype)
    dy = rng.uniform(1, 2, size=shape).astype(dtype)
    before = x.copy(), dy.copy()
    layer = Dropout(rate, rng=rng)
    y = layer.forward(x, train=True)
    dx = layer.backward(dy)
    assert y.dtype == dx.dtype == dtype
    kept = y != 0
    np.testing.assert_allclose(y, np.where(kept, x / (1 - rate), 0), rtol=1e-5)
    np.testing.assert_allclose(dx, np.where(kept, dy / (1 - rate), 0), rtol=1e-5)
    np.testing.assert_array_equal((x, dy), before)


@settings(deadline=None)
@given(array_shapes(max_dims=4, max_side=6), st.floats(0, 0.99), seeds)
def test_dropout_changes_nothing_outside_training(shape, rate, seed):
    rng = np.random.default_rng(seed)
    x, dy = rng.normal(size=(2, *shape))
    layer = Dropout(rate, rng=rng)
    layer.forward(x, train=True)
    state = rng.bit_generator.state
    np.testing.assert_array_equal(layer.forward(x), x)
    np.testing.assert_array_equal(layer.backward(dy), dy)
    assert rng.bit_generator.state == state


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dropout_preserves_the_expected_value(rate, dtype):
    n = 100_000
    y = Dropout(rate, rng=np.random.default_rng(0)).forward(np.ones(n, dtype), train=True)
    # y is 1 / (1 - rate) with probability 1 - rate, so its variance is rate / (1 - rate).
    standard_error = np.sqrt(rate / (1 - rate) / n)
    assert abs(y.mean(dtype=np.float64) - 1) < 5 * standard_error
    assert abs((y == 0).mean() - rate) < 5 * np.sqrt(rate * (1 - rate) / n)


def test_every_training_pass_draws_a_new_mask():
    layer = Dropout(0.5, rng=np.random.default_rng(0))
    x = np.ones((10, 10))
    first, second = layer.forward(x, train=True), layer.forward(x, train=True)
    assert (first != second).any()
    np.testing.assert_array_equal(layer.backward(x), second)


def test_units_are_dropped_independently_in_each_example():
    y = Dropout(0.5, rng=np.random.default_rng(0)).forward(np.ones((1000, 2)), train=True)
    assert abs(np.corrcoef((y != 0).T)[0, 1]) < 0.15
    assert (y != y[0]).any(axis=0).all()


def test_dropout_has_nothing_to_learn_and_fits_into_a_network():
    rng = np.random.default_rng(0)
    layer = Dropout(0.25, rng=rng)
    model = Sequential(Dense(4, 8, rng=rng), ReLU(), layer, Dense(8, 2, rng=rng))
    assert layer.parameters() == layer.buffers() == []
    assert repr(layer) == "Dropout(0.25)"
    y = model.forward(rng.normal(size=(3, 4)), train=True)
    assert model.backward(np.ones_like(y)).shape == (3, 4)


def test_bad_dropout_arguments_are_named():
    rng = np.random.default_rng(0)
    for rate in (1, -0.1, np.nan, np.inf):
        with pytest.raises(ValueError, match=r"Dropout expected rate in \[0, 1\)"):
            Dropout(rate, rng=rng)
    with pytest.raises(TypeError, match="Dropout expected rate to be a number"):
        Dropout("0.5", rng=rng)
    with pytest.raises(TypeError, match="Dropout expected rng"):
        Dropout(0.5, rng=1)
    layer = Dropout(0.5, rng=rng)
    with pytest.raises(RuntimeError, match=r"Dropout.backward needs a forward pass first"):
        layer.backward(np.ones((2, 2)))
    with pytest.raises(ValueError, match="Dropout expected finite x"):
        layer.forward([np.nan], train=True)
    layer.forward(np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"Dropout.backward expected dy of shape \(2, 3\)"):
        layer.backward(np.ones((3, 2)))
