import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.architecture import Sequential
from course_lib.challenges.convolution import Conv2D
from course_lib.challenges.pooling import MaxPool2D
from course_lib.training import check_gradients


@st.composite
def problems(draw):
    """A pooling layer, an image size on which it fits, and a seed."""
    size = draw(st.integers(1, 4))
    stride = draw(st.none() | st.integers(1, 5))
    padding = draw(st.integers(0, size // 2))
    least = max(1, size - 2 * padding)
    shape = [draw(st.integers(1, 3)) for _ in range(2)]
    shape += [draw(st.integers(least, least + 5)) for _ in range(2)]
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    return MaxPool2D(size, stride=stride, padding=padding), shape, rng


@settings(max_examples=25, deadline=None)
@given(problems())
def test_gradients_match_central_differences(problem):
    pool, shape, rng = problem
    x = (
        rng.permutation(np.prod(shape)).reshape(shape) / 10
    )  # no ties, where the maximum has no slope
    assert max(check_gradients(pool, x, rng=rng).values()) < 1e-6


@settings(max_examples=80, deadline=None)
@given(problems())
def test_outputs_and_gradients_match_pytorch_even_among_equal_values(problem):
    torch = pytest.importorskip("torch")
    pool, shape, rng = problem
    x = rng.integers(-2, 2, shape).astype(float)
    y = pool.forward(x)
    dy = rng.normal(size=y.shape)
    dx = pool.backward(dy)
    x = torch.tensor(x, requires_grad=True)
    expected = torch.nn.functional.max_pool2d(
        x, pool.size, stride=pool.stride, padding=pool.padding
    )
    expected.backward(torch.tensor(dy))
    np.testing.assert_array_equal(y, expected.detach().numpy())
    np.testing.assert_allclose(dx, x.grad.numpy(), rtol=0, atol=1e-12)


def test_among_equal_pixels_only_the_first_gets_the_gradient():
    pool = MaxPool2D(2)
    pool.forward(np.ones((1, 1, 2, 2)))
    np.testing.assert_array_equal(pool.backward(np.full((1, 1, 1, 1), 5.0)), [[[[5, 0], [0, 0]]]])


def test_padding_never_wins_over_negative_pixels():
    y = MaxPool2D(3, stride=1, padding=1).forward(np.full((1, 1, 3, 3), -7.0))
    np.testing.assert_array_equal(y, np.full((1, 1, 3, 3), -7.0))


def test_an_image_is_left_unchanged_also_where_one_pixel_is_a_window():
    x = np.random.default_rng(0).normal(size=(1, 1, 3, 3))
    kept = x.copy()
    y = MaxPool2D(1).forward(x)
    y += 1
    np.testing.assert_array_equal(x, kept)


def test_a_pool_after_a_convolution_reads_its_view_right():
    rng = np.random.default_rng(0)
    model = Sequential(Conv2D(1, 2, 3, rng=rng, padding=1), MaxPool2D(2, padding=1))
    assert max(check_gradients(model, rng.normal(size=(2, 1, 5, 4)), rng=rng).values()) < 1e-6


def test_float32_stays_float32():
    pool = MaxPool2D(2, padding=1)
    y = pool.forward(np.ones((1, 1, 4, 4), np.float32))
    assert y.dtype == pool.backward(np.ones(y.shape)).dtype == np.float32


def test_backward_before_forward_is_refused():
    with pytest.raises(RuntimeError, match=r"call MaxPool2D\.forward"):
        MaxPool2D(2).backward(np.zeros((1, 1, 1, 1)))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"size": 0}, ValueError, "size of at least 1"),
        ({"size": 2.0}, TypeError, "size to be a whole number"),
        ({"size": 2, "stride": 0}, ValueError, "stride of at least 1"),
        ({"size": 2, "padding": -1}, ValueError, "padding of at least 0"),
        ({"size": 3, "padding": 2}, ValueError, "padding of at most 1, got 2"),
    ],
)
def test_a_pool_that_makes_no_sense_is_refused(options, error, message):
    with pytest.raises(error, match=message):
        MaxPool2D(**options)


def test_arrays_that_do_not_fit_are_refused():
    pool = MaxPool2D(2)
    with pytest.raises(ValueError, match=r"MaxPool2D expected x of shape \(N, C, H, W\)"):
        pool.forward(np.zeros((4, 4)))
    with pytest.raises(ValueError, match="kernel of at most 1"):
        pool.forward(np.zeros((1, 1, 1, 4)))
    pool.forward(np.zeros((1, 1, 5, 4)))
    with pytest.raises(ValueError, match=r"dy of shape \(1, 1, 2, 2\), got \(1, 1, 5, 4\)"):
        pool.backward(np.zeros((1, 1, 5, 4)))
