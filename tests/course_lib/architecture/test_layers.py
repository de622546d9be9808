import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from course_lib import Dense, Flatten, check_gradients, constant

sizes = st.integers(1, 6)
seeds = st.integers(0, 2**32 - 1)


@given(n=sizes, inputs=sizes, outputs=sizes, seed=seeds)
def test_a_dense_layers_gradients_are_its_numerical_gradients(n, inputs, outputs, seed):
    rng = np.random.default_rng(seed)
    layer = Dense(inputs, outputs, rng=rng)
    layer.b.value[:] = rng.normal(size=outputs)
    errors = check_gradients(layer, rng.normal(size=(n, inputs)), rng=rng)
    assert set(errors) == {"x", "parameter 0", "parameter 1"}
    assert max(errors.values()) < 1e-6


def test_a_dense_layer_computes_each_output_from_every_input():
    layer = Dense(2, 3, rng=np.random.default_rng(0))
    layer.W.value[:] = [[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]]
    layer.b.value[:] = [0.5, 0.0, -0.5]
    np.testing.assert_array_equal(layer.forward([[1.0, 2.0]]), [[21.5, 42.0, 62.5]])


def test_gradients_of_two_passes_add_up_until_they_are_cleared():
    layer = Dense(2, 3, rng=np.random.default_rng(0))
    x, dy = np.ones((4, 2)), np.ones((4, 3))
    layer.forward(x)
    layer.backward(dy)
    once = layer.W.grad.copy()
    layer.backward(dy)
    np.testing.assert_array_equal(layer.W.grad, 2 * once)
    np.testing.assert_array_equal(layer.b.grad, [8.0, 8.0, 8.0])
    layer.zero_grad()
    assert not layer.W.grad.any()
    assert not layer.b.grad.any()


def test_a_float32_dense_layer_stays_float32_whatever_comes_in():
    layer = Dense(2, 3, rng=np.random.default_rng(0), dtype=np.float32)
    for dtype in (np.float32, np.float64, np.int64, np.bool_):
        assert layer.forward(np.ones((4, 2), dtype)).dtype == np.float32
        assert layer.backward(np.ones((4, 3), dtype)).dtype == np.float32
    for parameter in layer.parameters():
        assert parameter.value.dtype == parameter.grad.dtype == np.float32


def test_a_dense_layer_starts_with_the_same_weights_for_the_same_seed_and_bias_0():
    first, second = (Dense(5, 4, rng=np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(first.W.value, second.W.value)
    assert not first.b.value.any()


def test_a_dense_layer_leaves_its_inputs_as_they_were():
    layer = Dense(2, 3, rng=np.random.default_rng(0))
    x, dy = np.ones((4, 2)), np.ones((4, 3))
    layer.forward(x)
    layer.backward(dy)
    np.testing.assert_array_equal(x, 1)
    np.testing.assert_array_equal(dy, 1)


@pytest.mark.parametrize("shape", [(4, 3), (2,), (4, 2, 1), (1, 4, 2), ()])
def test_a_dense_layer_refuses_a_batch_of_the_wrong_shape(shape):
    with pytest.raises(ValueError, match=r"Dense expected x of shape \(N, 2\), got"):
        Dense(2, 3, rng=np.random.default_rng(0)).forward(np.ones(shape))


def test_a_dense_layer_refuses_what_holds_no_finite_numbers():
    layer = Dense(2, 3, rng=np.random.default_rng(0))
    for wrong in ("ab", [["a", "b"]], [[1j, 2]], [[None, 1]], [[1.0, 2.0], [3.0]], None):
        with pytest.raises(TypeError, match="Dense expected x"):
            layer.forward(wrong)
    for wrong in ([[np.nan, 1.0]], [[1.0, -np.inf]], np.zeros((0, 2))):
        with pytest.raises(ValueError, match="Dense expected"):
            layer.forward(wrong)


def test_a_number_too_large_for_float32_is_reported_as_such():
    layer = Dense(1, 1, rng=np.random.default_rng(0), dtype=np.float32)
    with pytest.raises(ValueError, match="expected finite x, got inf"):
        layer.forward([[1e300]])


def test_huge_finite_numbers_are_accepted():
    # The quick test for NaN squares its argument and overflows here: that alone proves nothing.
    layer = Dense(1, 1, rng=np.random.default_rng(0), initializer=constant(0.5))
    np.testing.assert_array_equal(layer.forward([[1e200]]), [[5e199]])


def test_a_dense_layer_refuses_a_wrong_gradient_and_backward_before_forward():
    layer = Dense(2, 3, rng=np.random.default_rng(0))
    with pytest.raises(RuntimeError, match=r"Dense.backward needs a forward pass first"):
        layer.backward(np.ones((4, 3)))
    layer.forward(np.ones((4, 2)))
    for shape in ((3, 4), (3,), (4, 1), (1, 3), (4, 2)):
        with pytest.raises(ValueError, match=r"expected dy of shape \(4, 3\)"):
            layer.backward(np.ones(shape))
    with pytest.raises(ValueError, match="finite dy"):
        layer.backward(np.full((4, 3), np.nan))
    assert not layer.W.grad.any()


def test_a_dense_layer_needs_whole_sizes_a_generator_and_a_floating_dtype():
    rng = np.random.default_rng(0)
    for wrong in (0, -1):
        with pytest.raises(ValueError, match="inputs"):
            Dense(wrong, 2, rng=rng)
        with pytest.raises(ValueError, match="outputs"):
            Dense(2, wrong, rng=rng)
    for wrong in (1.5, True, "3", None):
        with pytest.raises(TypeError, match="inputs"):
            Dense(wrong, 2, rng=rng)
    for wrong in (0, None, np.random):
        with pytest.raises(TypeError, match="rng"):
            Dense(2, 2, rng=wrong)
    for wrong in (np.int32, np.complex128, np.float16):
        with pytest.raises(TypeError, match="dtype"):
            Dense(2, 2, rng=rng, dtype=wrong)


def test_an_initializer_of_the_wrong_shape_is_named():
    with pytest.raises(ValueError, match=r"initializer's W of shape \(2, 3\), got \(3, 2\)"):
        Dense(2, 3, rng=np.random.default_rng(0), initializer=lambda *_: np.zeros((3, 2)))


@given(shape=hnp.array_shapes(min_dims=2, max_dims=5, max_side=4), seed=seeds)
def test_flatten_keeps_the_examples_and_their_numbers_in_order(shape, seed):
    rng = np.random.default_rng(seed)
    x, layer = rng.normal(size=shape), Flatten()
    y = layer.forward(x)
    assert y.shape == (shape[0], np.prod(shape[1:]))
    np.testing.assert_array_equal(y.ravel(), x.ravel())
    np.testing.assert_array_equal(layer.backward(y), x)
    assert check_gradients(layer, x, rng=rng)["x"] < 1e-6


def test_flatten_refuses_what_is_no_batch_of_numbers():
    layer = Flatten()
    with pytest.raises(RuntimeError, match="forward pass first"):
        layer.backward(np.ones((2, 3)))
    for wrong in (np.ones(3), 5.0, np.zeros((0, 2, 2)), np.zeros((2, 0)), [[np.nan, 1.0]]):
        with pytest.raises(ValueError, match="Flatten expected"):
            layer.forward(wrong)
    for wrong in ([["a"]], [[1j]], [[None]], [[1.0, 2.0], [3.0]]):
        with pytest.raises(TypeError, match="Flatten expected"):
            layer.forward(wrong)
    layer.forward(np.ones((2, 3, 4)))
    for shape in ((2, 3, 4), (12, 2), (24,), (2, 11)):
        with pytest.raises(ValueError, match=r"expected dy of shape \(2, 12\)"):
            layer.backward(np.ones(shape))


def test_flatten_keeps_float32():
    assert Flatten().forward(np.ones((2, 3, 4), np.float32)).dtype == np.float32


def test_a_dense_layer_agrees_with_pytorch():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    layer, x, dy = Dense(5, 3, rng=rng), rng.normal(size=(7, 5)), rng.normal(size=(7, 3))
    oracle = torch.nn.Linear(5, 3, dtype=torch.float64)
    with torch.no_grad():
        oracle.weight.copy_(torch.tensor(layer.W.value.T))
        oracle.bias.copy_(torch.tensor(layer.b.value))
    tensor = torch.tensor(x, requires_grad=True)
    expected = oracle(tensor)
    expected.backward(torch.tensor(dy))
    np.testing.assert_allclose(layer.forward(x), expected.detach().numpy(), atol=1e-12)
    np.testing.assert_allclose(layer.backward(dy), tensor.grad.numpy(), atol=1e-12)
    np.testing.assert_allclose(layer.W.grad, oracle.weight.grad.numpy().T, atol=1e-12)
    np.testing.assert_allclose(layer.b.grad, oracle.bias.grad.numpy(), atol=1e-12)
