import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from course_lib import Dense, MeanSquaredError, relative_error
from course_lib.demos import gradient_descent as demos
from course_lib.training import numerical_gradient

CHOICES = [(0.01, 128, 1), (0.1, 16, 5), (0.4, 128, 20), (0.2, 4, 2), (0.5, 1, 20)]


def test_every_frame_has_the_same_size() -> None:
    sizes = {tuple(demos.draw_descent(*choice).get_size_inches()) for choice in CHOICES}
    assert len(sizes) == 1


@pytest.mark.parametrize(("rate", "batch_size", "epochs"), CHOICES[:-1])
def test_the_description_tells_where_the_walk_ends(
    rate: float, batch_size: int, epochs: int
) -> None:
    path = demos.walk(rate, batch_size, epochs)
    losses = demos.loss(path)
    text = demos.describe_descent(rate, batch_size, epochs)
    numbers = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", text)]
    steps, size, slope, intercept, loss, lowest = numbers[:6]
    assert (steps, size) == (epochs * 128 / batch_size, batch_size)
    assert_allclose([slope, intercept], path[-1], atol=0.006)
    assert_allclose([loss, lowest], [losses[-1], demos.lowest()[1]], atol=0.0006)
    uphill = int(re.sub("No", "0", text.split(". ")[-1].split()[0]))
    assert uphill == np.count_nonzero(losses[1:] > losses[:-1])


def test_a_walk_that_diverges_says_so_and_fits_its_picture() -> None:
    text = demos.describe_descent(0.5, 1, 20)
    assert "has diverged" in text
    assert np.abs(demos.walk(0.5, 1, 20)[-1]).max() > 1e6
    left = demos.draw_descent(0.5, 1, 20).axes[0]
    assert left.get_xlim() == demos.XLIM


@pytest.mark.parametrize(("rate", "batch_size", "epochs"), CHOICES[:-1])
def test_the_picture_shows_the_walk_and_the_loss_of_all_examples(
    rate: float, batch_size: int, epochs: int
) -> None:
    left, right = demos.draw_descent(rate, batch_size, epochs).axes
    path = demos.walk(rate, batch_size, epochs)
    assert any(np.array_equal(np.transpose(line.get_data()), path) for line in left.lines)
    in_epochs, losses = right.lines[0].get_data()
    assert_allclose(losses, demos.loss(path))
    assert in_epochs[-1] == epochs


def test_the_same_choices_walk_the_same_way_and_another_seed_another_way() -> None:
    assert_array_equal(demos.walk(0.1, 4, 2), demos.walk(0.1, 4, 2))
    assert not np.allclose(demos.walk(0.1, 4, 2)[-1], demos.walk(0.1, 4, 2, seed=1)[-1])


def test_loss_and_gradient_are_those_of_the_library() -> None:
    X, y = demos.spring()
    W = demos.START.copy()
    loss_fn = MeanSquaredError()
    assert float(demos.loss(W)) == pytest.approx(loss_fn.forward(X @ W, y))
    measured = numerical_gradient(lambda: float(demos.loss(W)), W)
    assert relative_error(demos.gradient(X, y, W), measured) < 1e-8
    # A dense layer of one neuron is the same line.
    line = Dense(1, 1, rng=np.random.default_rng(0))
    line.W.value[:], line.b.value[:] = W[:1, None], W[1:]
    loss_fn.forward(line.forward(X[:, :1]), y[:, None])
    line.backward(loss_fn.backward())
    assert_allclose([line.W.grad[0, 0], line.b.grad[0]], demos.gradient(X, y, W))


def test_the_lowest_place_is_a_minimum() -> None:
    place, least = demos.lowest()
    X, y = demos.spring()
    assert_allclose(demos.gradient(X, y, place), 0, atol=1e-12)
    around = place + 0.01 * np.random.default_rng(0).standard_normal((50, 2))
    assert (demos.loss(around) > least).all()


# ---- what the chapter says about the demo


def test_the_rate_0_4_gets_lowest_in_20_epochs_of_whole_batches_and_0_5_diverges() -> None:
    losses = {lr: demos.loss(demos.walk(lr, 128, 20)) for lr in (0.01, 0.1, 0.4, 0.5)}
    assert min(losses, key=lambda lr: losses[lr][-1]) == 0.4
    assert losses[0.5][-1] > 100 * losses[0.5][0]


def test_single_examples_get_lower_than_the_whole_batch_in_five_epochs() -> None:
    for seed in range(5):
        assert demos.loss(demos.walk(0.1, 1, 5, seed)[-200:]).mean() < demos.loss(
            demos.walk(0.1, 128, 5)[-1]
        )


def test_the_rate_0_4_is_too_large_for_single_examples() -> None:
    for seed in range(3):
        losses = demos.loss(demos.walk(0.4, 1, 5, seed))
        assert losses.max() > 10 * losses[0]


def test_a_single_example_is_at_most_of_curvature_10_and_all_together_of_4_4() -> None:
    X, _ = demos.spring()
    assert (2 * (X**2).sum(axis=1)).max() == pytest.approx(10)
    assert np.linalg.eigvalsh(2 * X.T @ X / len(X)).max() == pytest.approx(4.37, abs=0.01)
