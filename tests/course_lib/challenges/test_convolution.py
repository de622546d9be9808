import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.architecture import Sequential, constant
from course_lib.challenges.convolution import Conv2D, convolve_by_loops
from course_lib.challenges.im2col import im2col, output_size, places
from course_lib.training import check_gradients


@st.composite
def problems(draw):
    """A kernel with its stride and padding, and an image size on which it fits."""
    kernel = draw(st.integers(1, 4))
    stride = draw(st.integers(1, 3))
    padding = draw(st.integers(0, kernel - 1))
    least = max(1, kernel - 2 * padding)
    height, width = (draw(st.integers(least, least + 4)) for _ in range(2))
    batch, channels, filters = (draw(st.integers(1, 3)) for _ in range(3))
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    layer = Conv2D(channels, filters, kernel, rng=rng, stride=stride, padding=padding)
    layer.b.value[:] = rng.normal(size=filters)
    return layer, rng.normal(size=(batch, channels, height, width)), rng


@settings(max_examples=60, deadline=None)
@given(problems())
def test_the_layer_the_loops_and_the_matrix_product_agree(problem):
    layer, x, _ = problem
    W, b, where = layer.W.value, layer.b.value, {"stride": layer.stride, "padding": layer.padding}
    slow = convolve_by_loops(x, W, b, **where)
    np.testing.assert_allclose(layer.forward(x), slow, rtol=0, atol=1e-12)

    N, F, H_out, W_out = slow.shape
    matrix = im2col(x, W.shape[2], **where) @ W.reshape(F, -1).T + b
    matrix = matrix.reshape(N, H_out, W_out, F).transpose(0, 3, 1, 2)
    np.testing.assert_allclose(matrix, slow, rtol=0, atol=1e-12)


@settings(max_examples=25, deadline=None)
@given(problems())
def test_gradients_match_central_differences(problem):
    layer, x, rng = problem
    assert max(check_gradients(layer, x, rng=rng).values()) < 1e-6


@settings(max_examples=60, deadline=None)
@given(problems())
def test_outputs_and_all_gradients_match_pytorch(problem):
    torch = pytest.importorskip("torch")
    layer, x, rng = problem
    y = layer.forward(x)
    dy = rng.normal(size=y.shape)
    dx = layer.backward(dy)
    x, W, b = (
        torch.tensor(array, requires_grad=True) for array in (x, layer.W.value, layer.b.value)
    )
    expected = torch.nn.functional.conv2d(x, W, b, stride=layer.stride, padding=layer.padding)
    expected.backward(torch.tensor(dy))
    np.testing.assert_allclose(y, expected.detach().numpy(), rtol=0, atol=1e-10)
    np.testing.assert_allclose(dx, x.grad.numpy(), rtol=0, atol=1e-10)
    np.testing.assert_allclose(layer.W.grad, W.grad.numpy(), rtol=0, atol=1e-10)
    np.testing.assert_allclose(layer.b.grad, b.grad.numpy(), rtol=0, atol=1e-10)


def test_a_strided_kernel_never_sees_the_rows_that_the_stride_leaves_over():
    layer = Conv2D(1, 1, 3, rng=np.random.default_rng(0), stride=2)
    x = np.random.default_rng(1).normal(size=(2, 1, 8, 8))
    y = layer.forward(x)
    assert y.shape == (2, 1, 3, 3)
    dx = layer.backward(np.ones_like(y))
    assert np.all(dx[:, :, 7] == 0)
    assert np.all(dx[:, :, :, 7] == 0)
    assert np.any(dx[:, :, 6] != 0)


def test_shifting_the_image_shifts_the_answers():
    layer = Conv2D(2, 3, 3, rng=np.random.default_rng(0))
    x = np.random.default_rng(1).normal(size=(1, 2, 9, 9))
    np.testing.assert_allclose(
        layer.forward(x)[..., 1:, 1:], layer.forward(x[..., 1:, 1:]), atol=1e-12
    )


def test_two_convolutions_in_a_row_pass_each_other_views_without_mixing_axes():
    rng = np.random.default_rng(0)
    model = Sequential(
        Conv2D(1, 2, 3, rng=rng, padding=1), Conv2D(2, 3, 2, rng=rng, stride=2, padding=1)
    )
    assert max(check_gradients(model, rng.normal(size=(2, 1, 4, 5)), rng=rng).values()) < 1e-6


def test_gradients_add_up_until_they_are_cleared():
    layer = Conv2D(1, 2, 3, rng=np.random.default_rng(0))
    x = np.random.default_rng(1).normal(size=(2, 1, 5, 5))
    dy = np.random.default_rng(2).normal(size=layer.forward(x).shape)
    first = layer.backward(dy).copy()
    once = [parameter.grad.copy() for parameter in layer.parameters()]
    np.testing.assert_array_equal(layer.backward(dy), first)
    for parameter, grad in zip(layer.parameters(), once, strict=True):
        np.testing.assert_allclose(parameter.grad, 2 * grad)


def test_inputs_are_left_unchanged():
    layer = Conv2D(1, 2, 3, rng=np.random.default_rng(0), padding=1)
    x = np.random.default_rng(1).normal(size=(2, 1, 5, 5))
    kept = x.copy()
    dy = layer.forward(x).copy()
    kept_dy = dy.copy()
    layer.backward(dy)
    np.testing.assert_array_equal(x, kept)
    np.testing.assert_array_equal(dy, kept_dy)


def test_float32_stays_float32():
    layer = Conv2D(1, 2, 3, rng=np.random.default_rng(0), dtype=np.float32)
    y = layer.forward(np.ones((2, 1, 5, 5)))
    assert y.dtype == layer.backward(y).dtype == layer.W.grad.dtype == np.float32
    assert im2col(np.ones((1, 1, 3, 3), np.float32), 2).dtype == np.float32


def test_the_initializer_gets_the_fans_of_one_output_pixel():
    W = Conv2D(16, 32, 5, rng=np.random.default_rng(0)).W.value
    assert W.std() == pytest.approx(np.sqrt(2 / (16 * 25)), rel=0.02)
    assert np.all(
        Conv2D(1, 1, 3, rng=np.random.default_rng(0), initializer=constant(2)).W.value == 2
    )


def test_parameters_come_as_weights_then_bias():
    layer = Conv2D(2, 3, 4, rng=np.random.default_rng(0))
    assert [parameter.value.shape for parameter in layer.parameters()] == [(3, 2, 4, 4), (3,)]
    assert repr(layer) == "Conv2D(2, 3, 4, stride=1, padding=0)"


def test_backward_before_forward_is_refused():
    layer = Conv2D(1, 1, 3, rng=np.random.default_rng(0))
    with pytest.raises(RuntimeError, match=r"call Conv2D\.forward"):
        layer.backward(np.zeros((1, 1, 1, 1)))


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"channels": 0}, ValueError, "channels of at least 1, got 0"),
        ({"filters": 1.5}, TypeError, "filters to be a whole number"),
        ({"kernel": -3}, ValueError, "kernel of at least 1"),
        ({"stride": 0}, ValueError, "stride of at least 1"),
        ({"padding": -1}, ValueError, "padding of at least 0"),
        ({"padding": 3}, ValueError, "padding of at most 2, got 3"),
        ({"rng": 0}, TypeError, "rng from np.random.default_rng"),
        ({"dtype": np.int64}, TypeError, "float32 or float64, got int64"),
    ],
)
def test_a_convolution_that_makes_no_sense_is_refused(changes, error, message):
    options = {"channels": 1, "filters": 1, "kernel": 3, "rng": np.random.default_rng(0)} | changes
    with pytest.raises(error, match=message):
        Conv2D(**options)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((5, 5)), r"Conv2D expected x of shape \(N, 2, H, W\), got \(5, 5\)"),
        (np.zeros((1, 3, 5, 5)), r"\(N, 2, H, W\), got \(1, 3, 5, 5\)"),
        (np.zeros((0, 2, 5, 5)), "not to be empty"),
        (np.full((1, 2, 5, 5), np.nan), "finite x"),
        (np.zeros((1, 2, 5, 2)), "kernel of at most 2, the size of the padded input, got 3"),
    ],
)
def test_an_image_that_does_not_fit_is_refused(x, message):
    with pytest.raises(ValueError, match=message):
        Conv2D(2, 1, 3, rng=np.random.default_rng(0)).forward(x)


def test_a_gradient_of_the_wrong_shape_is_refused():
    layer = Conv2D(1, 2, 3, rng=np.random.default_rng(0))
    layer.forward(np.ones((1, 1, 5, 5)))
    with pytest.raises(ValueError, match=r"dy of shape \(1, 2, 3, 3\), got \(1, 2, 5, 5\)"):
        layer.backward(np.ones((1, 2, 5, 5)))


@pytest.mark.parametrize(
    ("x", "W", "b", "message"),
    [
        (np.zeros((1, 1, 3, 3)), np.zeros((1, 1, 2, 3)), [0.0], r"W of shape \(1, 1, 2, 2\)"),
        (np.zeros((1, 1, 3, 3)), np.zeros((1, 1, 2, 2)), [0.0, 1.0], r"b of shape \(1,\)"),
        (np.zeros((1, 2, 3, 3)), np.zeros((1, 1, 2, 2)), [0.0], r"x of shape \(N, 1, H, W\)"),
        (np.zeros((1, 1, 1, 3)), np.zeros((1, 1, 2, 2)), [0.0], "kernel of at most 1"),
    ],
)
def test_the_loops_refuse_shapes_that_do_not_fit(x, W, b, message):
    with pytest.raises(ValueError, match=message):
        convolve_by_loops(x, W, b)


def test_im2col_refuses_what_is_no_batch_of_images():
    with pytest.raises(ValueError, match=r"im2col expected x of shape \(N, C, H, W\)"):
        im2col(np.zeros((3, 3)), 2)
    with pytest.raises(ValueError, match="kernel of at most 3"):
        im2col(np.zeros((1, 1, 3, 3)), 4)
    with pytest.raises(ValueError, match="padding of at least 0"):
        im2col(np.zeros((1, 1, 3, 3)), 2, padding=-1)


@given(
    size=st.integers(1, 30),
    kernel=st.integers(1, 8),
    stride=st.integers(1, 5),
    padding=st.integers(0, 4),
)
def test_the_output_size_counts_the_places_of_a_kernel(size, kernel, stride, padding):
    padded = size + 2 * padding
    starts = [start for start in range(0, padded, stride) if start + kernel <= padded]
    if starts:
        count = output_size(size, kernel, stride=stride, padding=padding)
        assert count == len(starts)
        assert list(range(padded))[places(0, count, stride)] == starts
    else:
        with pytest.raises(ValueError, match="kernel of at most"):
            output_size(size, kernel, stride=stride, padding=padding)
