import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from course_lib import (
    BinaryCrossEntropy,
    Loss,
    MeanSquaredError,
    SoftmaxCrossEntropy,
    numerical_gradient,
    relative_error,
)

LOSSES = [MeanSquaredError, BinaryCrossEntropy, SoftmaxCrossEntropy]
seeds = st.integers(0, 2**32 - 1)


def assert_gradient_is_numerical(loss_fn: Loss, y_predicted: np.ndarray, target: np.ndarray):
    loss_fn.forward(y_predicted, target)
    dy = loss_fn.backward()
    assert dy.shape == y_predicted.shape
    numerical = numerical_gradient(lambda: loss_fn.forward(y_predicted, target), y_predicted)
    # Entries shrink with the batch; scaled back to that of one example, 1e-6 is a real test.
    assert relative_error(dy * y_predicted.size, numerical * y_predicted.size) < 1e-6


def example(loss: type[Loss], dtype: type = np.float64) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(6, 4)).astype(dtype)
    if loss is MeanSquaredError:
        return scores, rng.normal(size=(6, 4))
    if loss is BinaryCrossEntropy:
        return scores[:, :1], rng.integers(0, 2, 6)
    return scores, rng.integers(0, 4, 6)


@given(shape=hnp.array_shapes(min_dims=1, max_dims=3, max_side=6), seed=seeds)
def test_the_gradient_of_the_squared_error_is_its_numerical_gradient(shape, seed):
    y_predicted, target = np.random.default_rng(seed).normal(size=(2, *shape))
    assert_gradient_is_numerical(MeanSquaredError(), y_predicted, target)


@given(n=st.integers(1, 9), column=st.booleans(), seed=seeds)
def test_the_gradient_of_the_binary_cross_entropy_is_its_numerical_gradient(n, column, seed):
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(n, 1) if column else n) * 3
    assert_gradient_is_numerical(BinaryCrossEntropy(), logits, rng.integers(0, 2, n))


@given(
    shape=hnp.array_shapes(min_dims=1, max_dims=3, max_side=5),
    classes=st.integers(1, 6),
    seed=seeds,
)
def test_the_gradient_of_the_softmax_cross_entropy_is_its_numerical_gradient(shape, classes, seed):
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(*shape, classes)) * 3
    assert_gradient_is_numerical(SoftmaxCrossEntropy(), logits, rng.integers(0, classes, shape))


@pytest.mark.parametrize("loss", LOSSES)
def test_a_loss_is_a_mean_so_that_a_batch_repeated_twice_has_the_same_loss(loss):
    y_predicted, target = example(loss)
    twice = np.concatenate([y_predicted, y_predicted]), np.concatenate([target, target])
    loss_fn = loss()
    once = loss_fn.forward(y_predicted, target)
    dy = loss_fn.backward()
    assert loss_fn.forward(*twice) == pytest.approx(once, abs=1e-14)
    np.testing.assert_allclose(loss_fn.backward(), np.concatenate([dy, dy]) / 2, atol=1e-15)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_loss_is_a_float_and_its_gradient_keeps_float32(loss):
    for dtype in (np.float32, np.float64):
        loss_fn = loss()
        assert type(loss_fn.forward(*example(loss, dtype))) is float
        assert loss_fn.backward().dtype == dtype


@pytest.mark.parametrize("loss", LOSSES)
def test_a_loss_leaves_its_arguments_alone_and_gives_the_same_gradient_twice(loss):
    y_predicted, target = example(loss)
    kept = y_predicted.copy(), target.copy()
    loss_fn = loss()
    loss_fn.forward(y_predicted, target)
    first = loss_fn.backward()
    expected = first.copy()
    first += 1  # a caller may scale or clip the gradient in place
    np.testing.assert_array_equal(loss_fn.backward(), expected)
    np.testing.assert_array_equal(y_predicted, kept[0])
    np.testing.assert_array_equal(target, kept[1])


@pytest.mark.parametrize("loss", LOSSES)
def test_a_loss_refuses_backward_first(loss):
    with pytest.raises(RuntimeError, match=f"{loss.__name__}.backward needs a forward pass first"):
        loss().backward()


@pytest.mark.parametrize("loss", LOSSES)
def test_a_loss_refuses_predictions_that_are_no_finite_numbers(loss):
    y_predicted, target = example(loss)
    for wrong in ("a", [["a", "b"]], y_predicted * 1j, y_predicted.astype(object), [[1], [1, 2]]):
        with pytest.raises(TypeError, match="expected y_predicted"):
            loss().forward(wrong, target)
    for value in (np.nan, np.inf):
        with pytest.raises(ValueError, match="expected finite y_predicted"):
            loss().forward(np.full_like(y_predicted, value), target)
    with pytest.raises(ValueError, match="expected y_predicted"):
        loss().forward(y_predicted[:0], target[:0])
    with pytest.raises(ValueError, match="expected"):
        loss().forward(1.0, 1)


def test_the_squared_error_does_not_broadcast():
    # (N, 1) against (N,) would broadcast to (N, N): every example compared with all others. The
    # loss still falls, to the variance of the targets, and the model predicts their mean.
    for shape in ((6,), (1, 6), (6, 1, 1), (1,), (5, 1)):
        with pytest.raises(ValueError, match=r"target of shape \(6, 1\)"):
            MeanSquaredError().forward(np.ones((6, 1)), np.ones(shape))


@pytest.mark.parametrize("loss", [BinaryCrossEntropy, SoftmaxCrossEntropy])
def test_labels_are_integers_in_range_one_for_each_example(loss):
    y_predicted, _ = example(loss)
    for wrong in ([0, 1, 0, 1, 0, 4], [-1, 1, 0, 1, 0, 1]):
        with pytest.raises(ValueError, match="target between 0 and"):
            loss().forward(y_predicted, wrong)
    for wrong in ([0.0, 1, 0, 1, 0, 1], ["0"] * 6, [None] * 6, [1j] * 6):
        with pytest.raises(TypeError, match="integer labels"):
            loss().forward(y_predicted, wrong)
    for wrong in ([0, 1], [[0]] * 6, 0):
        with pytest.raises(ValueError, match="target of shape"):
            loss().forward(y_predicted, wrong)


def test_binary_logits_are_one_an_example():
    for shape in ((6, 2), (6, 1, 1), (1, 6)):
        with pytest.raises(ValueError, match=r"\(N,\) or \(N, 1\)"):
            BinaryCrossEntropy().forward(np.ones(shape), [0] * 6)


@pytest.mark.parametrize("huge", [1e3, 1e30, 1e300])
def test_huge_logits_give_a_finite_loss_and_gradient(huge):
    # exp(1000) overflows; the naive log(softmax) of the second row is log(0).
    loss_fn = SoftmaxCrossEntropy()
    assert loss_fn.forward([[huge, 0.0], [huge, 0.0]], [0, 1]) == huge / 2
    np.testing.assert_array_equal(loss_fn.backward(), [[0.0, 0.0], [0.5, -0.5]])
    binary = BinaryCrossEntropy()
    assert binary.forward([huge, huge, -huge, -huge], [1, 0, 1, 0]) == huge / 2
    np.testing.assert_array_equal(binary.backward(), [0.0, 0.25, -0.25, 0.0])


@given(n=st.integers(1, 9), seed=seeds)
def test_two_softmax_classes_are_one_binary_logit(n, seed):
    rng = np.random.default_rng(seed)
    logits, labels = rng.normal(size=(n, 2)) * 5, rng.integers(0, 2, n)
    softmax_loss, binary_loss = SoftmaxCrossEntropy(), BinaryCrossEntropy()
    expected = softmax_loss.forward(logits, labels)
    assert binary_loss.forward(logits[:, 1] - logits[:, 0], labels) == pytest.approx(expected)
    np.testing.assert_allclose(binary_loss.backward(), softmax_loss.backward()[:, 1], atol=1e-12)


def test_equal_logits_cost_the_logarithm_of_the_number_of_classes():
    loss = SoftmaxCrossEntropy().forward(np.zeros((5, 10)), np.arange(5))
    assert loss == pytest.approx(np.log(10))
    assert BinaryCrossEntropy().forward(np.zeros(5), [0, 1, 0, 1, 1]) == pytest.approx(np.log(2))


def test_each_loss_says_which_labels_its_predictions_stand_for():
    logits = np.array([[0.0, 2.0, 1.0], [3.0, 0.0, 0.0]])
    np.testing.assert_array_equal(SoftmaxCrossEntropy().labels(logits), [1, 0])
    np.testing.assert_array_equal(SoftmaxCrossEntropy().labels(logits[None]), [[1, 0]])
    np.testing.assert_array_equal(BinaryCrossEntropy().labels(np.array([[0.1], [-2.0]])), [1, 0])
    np.testing.assert_array_equal(BinaryCrossEntropy().labels(np.array([0.0, 2.0])), [0, 1])
    assert MeanSquaredError().labels(logits) is None


def test_losses_agree_with_pytorch():
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    rng = np.random.default_rng(0)
    scores, quantities = rng.normal(size=(2, 7, 5)) * 4
    labels, sequences = rng.integers(0, 5, 7), rng.normal(size=(3, 4, 6))
    marks, binary = rng.integers(0, 6, (3, 4)), rng.integers(0, 2, 7)
    cases = [
        (MeanSquaredError(), scores, quantities, functional.mse_loss),
        (SoftmaxCrossEntropy(), scores, labels, functional.cross_entropy),
        (
            SoftmaxCrossEntropy(),
            sequences,
            marks,
            lambda z, y: functional.cross_entropy(z.reshape(-1, 6), y.reshape(-1)),
        ),
        (
            BinaryCrossEntropy(),
            scores[:, 0].copy(),
            binary,
            lambda z, y: functional.binary_cross_entropy_with_logits(z, y.double()),
        ),
    ]
    for loss_fn, y_predicted, target, oracle in cases:
        tensor = torch.tensor(y_predicted, requires_grad=True)
        expected = oracle(tensor, torch.tensor(target))
        expected.backward()
        assert loss_fn.forward(y_predicted, target) == pytest.approx(expected.item(), abs=1e-12)
        np.testing.assert_allclose(loss_fn.backward(), tensor.grad.numpy(), atol=1e-12)
