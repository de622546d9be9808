import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.architecture import Sequential
from course_lib.mathematics import BatchNorm, LayerNorm
from course_lib.training import check_gradients

SEEDS = st.integers(0, 2**32 - 1)


def with_random_parameters(layer, rng):
    for parameter in layer.parameters():
        parameter.value[:] = rng.normal(size=parameter.value.shape)
    return layer


@settings(deadline=None, max_examples=30)
@given(st.integers(2, 9), st.integers(1, 5), SEEDS, st.booleans())
def test_batch_norm_gradients_match_central_differences_in_both_modes(N, D, seed, train):
    rng = np.random.default_rng(seed)
    layer = with_random_parameters(BatchNorm(D), rng)
    layer.running_mean[:] = rng.normal(size=D)
    layer.running_var[:] = rng.uniform(0.5, 2, D)
    x = rng.normal(size=(N, D))
    # Spread-out examples: with two nearly equal ones 1/std is huge and differences are useless.
    x += 2 * np.arange(N)[:, None]
    errors = check_gradients(layer, x, rng=rng, train=train)
    assert max(errors.values()) < 1e-6


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 4), st.integers(0, 3), st.integers(1, 5), SEEDS)
def test_layer_norm_gradients_match_central_differences(N, T, D, seed):
    rng = np.random.default_rng(seed)
    layer = with_random_parameters(LayerNorm(D), rng)
    x = rng.normal(size=(N, T, D) if T else (N, D)) + 2 * np.arange(D)
    errors = check_gradients(layer, x, rng=rng)
    assert max(errors.values()) < 1e-6


@settings(deadline=None, max_examples=30)
@given(st.integers(2, 20), st.integers(1, 5), SEEDS, st.floats(-100, 100), st.floats(0.1, 100))
def test_in_training_each_feature_gets_mean_0_and_variance_1(N, D, seed, shift, scale):
    x = np.random.default_rng(seed).normal(size=(N, D)) * scale + shift
    y = BatchNorm(D, epsilon=1e-12).forward(x, train=True)
    np.testing.assert_allclose(y.mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(y.var(axis=0), 1, atol=1e-4)


def test_layer_norm_treats_each_row_alone():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4, 3, 6)) * 5 + 2
    layer = LayerNorm(6, epsilon=1e-12)
    y = layer.forward(x)
    np.testing.assert_allclose(y.mean(axis=-1), 0, atol=1e-12)
    np.testing.assert_allclose(y.var(axis=-1), 1, atol=1e-9)
    np.testing.assert_allclose(layer.forward(x[1:2]), y[1:2])
    np.testing.assert_allclose(layer.forward(x[:, 2]), y[:, 2])


def test_running_statistics_approach_those_of_the_data_and_are_used_outside_training():
    rng = np.random.default_rng(1)
    layer = BatchNorm(2)
    for _ in range(300):
        layer.forward(rng.normal([3.0, -1.0], [2.0, 0.5], (50, 2)), train=True)
    np.testing.assert_allclose(layer.running_mean, [3, -1], atol=0.3)
    np.testing.assert_allclose(layer.running_var, [4, 0.25], rtol=0.2)
    kept = [buffer.copy() for buffer in layer.buffers()]
    x = rng.normal(size=(1, 2))
    expected = (x - layer.running_mean) / np.sqrt(layer.running_var + layer.epsilon)
    np.testing.assert_allclose(layer.forward(x), expected)
    for before, after in zip(kept, layer.buffers(), strict=True):
        np.testing.assert_array_equal(before, after)


def test_running_statistics_are_saved_with_the_network(tmp_path):
    rng = np.random.default_rng(2)
    x = rng.normal(size=(8, 3)) + 5
    model = Sequential(BatchNorm(3))
    model.forward(x, train=True)
    model.save(tmp_path / "model.npz")
    other = Sequential(BatchNorm(3))
    other.load(tmp_path / "model.npz")
    np.testing.assert_array_equal(other.forward(x), model.forward(x))


def test_a_constant_feature_is_not_divided_by_zero():
    y = BatchNorm(1).forward(np.ones((3, 1)), train=True)
    np.testing.assert_array_equal(y, 0)
    np.testing.assert_array_equal(LayerNorm(3).forward(np.ones((1, 3))), 0)


@pytest.mark.parametrize("train", [True, False])
def test_batch_norm_equals_that_of_pytorch(train):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(3)
    ours = with_random_parameters(BatchNorm(4), rng)
    theirs = torch.nn.BatchNorm1d(4, dtype=torch.float64)
    with torch.no_grad():
        theirs.weight.copy_(torch.tensor(ours.gamma.value))
        theirs.bias.copy_(torch.tensor(ours.beta.value))
    for _ in range(3):
        batch = rng.normal(size=(6, 4)) * 3 + 1
        ours.forward(batch, train=True)
        theirs(torch.tensor(batch))
    theirs.train(train)
    x, dy = rng.normal(size=(5, 4)), rng.normal(size=(5, 4))
    x_torch = torch.tensor(x, requires_grad=True)
    y = theirs(x_torch)
    np.testing.assert_allclose(ours.forward(x, train=train), y.detach().numpy(), atol=1e-10)
    y.backward(torch.tensor(dy))
    np.testing.assert_allclose(ours.backward(dy), x_torch.grad.numpy(), atol=1e-10)
    np.testing.assert_allclose(ours.gamma.grad, theirs.weight.grad.numpy(), atol=1e-10)
    np.testing.assert_allclose(ours.beta.grad, theirs.bias.grad.numpy(), atol=1e-10)
    np.testing.assert_allclose(ours.running_mean, theirs.running_mean.numpy(), atol=1e-10)
    np.testing.assert_allclose(ours.running_var, theirs.running_var.numpy(), atol=1e-10)


@pytest.mark.parametrize("shape", [(3, 4), (1, 4), (2, 5, 4)])
def test_layer_norm_equals_that_of_pytorch(shape):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(4)
    ours = with_random_parameters(LayerNorm(4), rng)
    theirs = torch.nn.LayerNorm(4, dtype=torch.float64)
    with torch.no_grad():
        theirs.weight.copy_(torch.tensor(ours.gamma.value))
        theirs.bias.copy_(torch.tensor(ours.beta.value))
    x, dy = rng.normal(size=shape), rng.normal(size=shape)
    x_torch = torch.tensor(x, requires_grad=True)
    y = theirs(x_torch)
    np.testing.assert_allclose(ours.forward(x), y.detach().numpy(), atol=1e-10)
    y.backward(torch.tensor(dy))
    np.testing.assert_allclose(ours.backward(dy), x_torch.grad.numpy(), atol=1e-10)
    np.testing.assert_allclose(ours.gamma.grad, theirs.weight.grad.numpy(), atol=1e-10)
    np.testing.assert_allclose(ours.beta.grad, theirs.bias.grad.numpy(), atol=1e-10)


@pytest.mark.parametrize("layer_type", [BatchNorm, LayerNorm])
def test_float32_stays_float32_and_gradients_add_up(layer_type):
    layer = layer_type(2, dtype=np.float32)
    x = np.array([[1.0, 2.0], [4.0, 3.0]])
    for _ in range(2):
        assert layer.forward(x, train=True).dtype == np.float32
        assert layer.backward(np.ones((2, 2))).dtype == np.float32
    np.testing.assert_allclose(layer.beta.grad, [4, 4])
    assert all(buffer.dtype == np.float32 for buffer in layer.buffers())


@pytest.mark.parametrize("layer_type", [BatchNorm, LayerNorm])
def test_normalization_refuses_what_does_not_fit(layer_type):
    name = layer_type.__name__
    layer = layer_type(3)
    with pytest.raises(RuntimeError, match=f"{name}.backward needs a forward pass"):
        layer.backward(np.ones((2, 3)))
    with pytest.raises(ValueError, match=rf"{name} expected x of shape \(N, 3\), got \(2, 4\)"):
        layer.forward(np.ones((2, 4)))
    layer.forward(np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"dy of shape \(2, 3\), got \(3, 2\)"):
        layer.backward(np.ones((3, 2)))
    with pytest.raises(ValueError, match="features of at least 1"):
        layer_type(0)
    with pytest.raises(ValueError, match="epsilon above 0"):
        layer_type(3, epsilon=0)
    with pytest.raises(TypeError, match="float32 or float64"):
        layer_type(3, dtype=np.int64)


def test_batch_norm_refuses_to_train_on_one_example():
    with pytest.raises(ValueError, match="at least 2"):
        BatchNorm(3).forward(np.ones((1, 3)), train=True)


@pytest.mark.parametrize("momentum", [0, 1.5, np.nan])
def test_batch_norm_refuses_a_momentum_outside_its_range(momentum):
    with pytest.raises(ValueError, match="momentum in"):
        BatchNorm(3, momentum=momentum)
