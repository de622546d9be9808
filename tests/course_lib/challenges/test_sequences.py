import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.architecture import Dense, Parameter
from course_lib.challenges.clipping import clip_gradients
from course_lib.challenges.sequences import LastStep, MeanStep, PerStep, find_lengths, real_steps
from course_lib.training import check_gradients, numerical_gradient, relative_error


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 4), st.integers(1, 5), st.integers(1, 3), st.integers(0, 2**16))
def test_pooled_steps_are_the_real_ones_and_alone_get_gradients(N, T, H, seed):
    rng = np.random.default_rng(seed)
    x, lengths, dy = rng.normal(size=(N, T, H)), rng.integers(1, T + 1, N), rng.normal(size=(N, H))
    last = np.stack([row[length - 1] for row, length in zip(x, lengths, strict=True)])
    mean = np.stack([row[:length].mean(axis=0) for row, length in zip(x, lengths, strict=True)])
    for layer, expected in ((LastStep(), last), (MeanStep(), mean)):
        np.testing.assert_allclose(layer.forward(x, lengths=lengths), expected, atol=1e-12)
        dx = layer.backward(dy)
        numerical = numerical_gradient(
            lambda layer=layer: float((layer.forward(x, lengths=lengths) * dy).sum()), x
        )
        assert relative_error(dx, numerical) < 1e-6
        assert np.all(dx[~real_steps(lengths, "test", N, T)] == 0)


@pytest.mark.parametrize("kind", [LastStep, MeanStep])
def test_without_lengths_all_steps_are_real(kind):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 3, 4))
    expected = x[:, -1] if kind is LastStep else x.mean(axis=1)
    np.testing.assert_allclose(kind().forward(x), expected, atol=1e-15)
    assert max(check_gradients(kind(), x, rng=rng).values()) < 1e-6


@pytest.mark.parametrize("kind", [LastStep, MeanStep])
def test_pooling_keeps_float32_and_refuses_what_does_not_fit(kind):
    layer = kind()
    with pytest.raises(RuntimeError, match=rf"call {kind.__name__}\.forward"):
        layer.backward(np.zeros((1, 1)))
    with pytest.raises(ValueError, match=rf"{kind.__name__} expected x of shape \(N, T, H\)"):
        layer.forward(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="lengths between 1 and 3, got 0"):
        layer.forward(np.zeros((2, 3, 1)), lengths=[0, 3])
    y = layer.forward(np.zeros((2, 3, 1), np.float32))
    assert y.dtype == layer.backward(np.ones((2, 1))).dtype == np.float32
    with pytest.raises(ValueError, match=r"dy of shape \(2, 1\), got \(3, 1\)"):
        layer.backward(np.zeros((3, 1)))
    with pytest.raises(ValueError, match=r"dy of shape \(2, 1\), got \(2, 7\)"):
        layer.backward(np.zeros((2, 7)))


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.integers(0, 3))
def test_lengths_are_found_again_behind_any_padding(lengths, silent):
    x = np.zeros((len(lengths), 4, 2))
    for row, length in zip(x, lengths, strict=True):
        row[length - 1, 1] = 1  # what stands before may be silent, too
        row[: min(silent, length), 0] = 1
    np.testing.assert_array_equal(find_lengths(x), lengths)


def test_a_sequence_of_zeros_counts_as_one_step():
    np.testing.assert_array_equal(find_lengths(np.zeros((2, 3, 1))), [1, 1])
    with pytest.raises(ValueError, match=r"find_lengths expected x of shape \(N, T, D\)"):
        find_lengths(np.zeros((3, 1)))


def test_a_layer_per_step_is_the_layer_on_each_step():
    rng = np.random.default_rng(0)
    dense = Dense(3, 2, rng=rng)
    layer = PerStep(dense)
    x = rng.normal(size=(4, 5, 3))
    y = layer.forward(x).copy()
    for t in range(5):
        np.testing.assert_allclose(y[:, t], dense.forward(x[:, t]), atol=1e-15)
    assert max(check_gradients(layer, x, rng=rng).values()) < 1e-6
    assert layer.parameters() == dense.parameters()
    assert repr(layer) == "PerStep(Dense(3, 2))"


def test_a_layer_per_step_refuses_what_does_not_fit():
    with pytest.raises(TypeError, match="PerStep expected a layer, got 3"):
        PerStep(3)
    layer = PerStep(Dense(3, 2, rng=np.random.default_rng(0)))
    with pytest.raises(RuntimeError, match=r"call PerStep\.forward"):
        layer.backward(np.zeros((1, 1, 2)))
    with pytest.raises(ValueError, match=r"PerStep expected x of shape \(N, T, D\)"):
        layer.forward(np.zeros((4, 3)))
    layer.forward(np.zeros((4, 5, 3)))
    with pytest.raises(ValueError, match=r"dy of shape \(4, 5, H\)"):
        layer.backward(np.zeros((20, 2)))


@given(st.floats(0.01, 100), st.integers(0, 2**16))
def test_clipping_shortens_a_long_gradient_and_keeps_its_direction(norm, seed):
    rng = np.random.default_rng(seed)
    parameters = [Parameter(np.zeros(shape)) for shape in ((2, 3), (4,))]
    for parameter in parameters:
        parameter.grad += rng.normal(size=parameter.value.shape)
    before = np.concatenate([parameter.grad.ravel() for parameter in parameters])
    length = clip_gradients(iter(parameters), norm)
    after = np.concatenate([parameter.grad.ravel() for parameter in parameters])
    assert length == pytest.approx(np.linalg.norm(before))
    np.testing.assert_allclose(after, before * min(1, norm / length))


def test_clipping_leaves_zeros_and_float32_alone():
    W = Parameter(np.zeros(2, np.float32))
    assert clip_gradients([W], 1.0) == 0
    W.grad += 5
    clip_gradients([W], 1.0)
    assert W.grad.dtype == np.float32
    assert np.linalg.norm(W.grad) == pytest.approx(1)


@pytest.mark.parametrize(
    ("norm", "error"), [(0, ValueError), (np.nan, ValueError), ("1", TypeError)]
)
def test_clipping_to_no_length_is_refused(norm, error):
    with pytest.raises(error, match="clip_gradients expected norm"):
        clip_gradients([], norm)
