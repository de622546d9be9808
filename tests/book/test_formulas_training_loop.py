"""The formulas of the chapter on the training loop, over random networks and data."""

import math

import numpy as np
import pytest

from course_lib import SGD, Dense, ReLU, Sequential, SoftmaxCrossEntropy, evaluate, train, zeros

SEEDS = range(8)


def network(rng, inputs=5, classes=4):
    return Sequential(Dense(inputs, 6, rng=rng), ReLU(), Dense(6, classes, rng=rng))


def examples(rng, N=23, inputs=5, classes=4):
    return rng.normal(size=(N, inputs)), rng.integers(0, classes, N)


def gradients(model, x, y):
    loss_fn = SoftmaxCrossEntropy()
    loss_fn.forward(model.forward(x, train=True), y)
    model.zero_grad()
    model.backward(loss_fn.backward())
    return [parameter.grad.copy() for parameter in model.parameters()]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_step_moves_every_parameter_by_the_rate_times_its_gradient(seed):
    rng = np.random.default_rng(seed)
    model, (x, y) = network(rng), examples(rng)
    lr = rng.uniform(0.01, 1)
    before = [parameter.value.copy() for parameter in model.parameters()]
    slopes = gradients(model, x, y)
    (_,) = train(
        model,
        SoftmaxCrossEntropy(),
        SGD(model.parameters(), lr=lr),
        x,
        y,
        epochs=1,
        batch_size=len(x),
        rng=rng,
    )
    for W, dW, after in zip(before, slopes, model.parameters(), strict=True):
        np.testing.assert_allclose(after.value, W - lr * dW, atol=1e-14)


@pytest.mark.parametrize("K", [2, 3, 10, 100])
def test_an_even_guess_costs_the_logarithm_of_the_number_of_classes(K):
    rng = np.random.default_rng(K)
    x, y = rng.normal(size=(50, 7)), rng.integers(0, K, 50)
    even = Dense(7, K, rng=rng, initializer=zeros)
    assert evaluate(even, SoftmaxCrossEntropy(), x, y)[0] == pytest.approx(math.log(K))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_gradient_of_a_batch_is_the_weighted_sum_of_its_pieces_gradients(seed):
    rng = np.random.default_rng(seed)
    model, (x, y) = network(rng), examples(rng)
    cuts = np.sort(rng.choice(np.arange(1, len(x)), 3, replace=False))
    total = [0.0 for _ in model.parameters()]
    for piece, labels in zip(np.split(x, cuts), np.split(y, cuts), strict=True):
        share = len(piece) / len(x)
        total = [s + share * g for s, g in zip(total, gradients(model, piece, labels), strict=True)]
    for whole, added in zip(gradients(model, x, y), total, strict=True):
        np.testing.assert_allclose(added, whole, atol=1e-14)


@pytest.mark.parametrize("batch_size", [1, 4, 10, 23, 50])
def test_the_loss_of_an_epoch_counts_every_example_once(batch_size):
    rng = np.random.default_rng(batch_size)
    model, (x, y) = network(rng), examples(rng)
    still = SGD(model.parameters(), lr=0.0)  # so that all batches meet the same network
    (record,) = train(
        model, SoftmaxCrossEntropy(), still, x, y, epochs=1, batch_size=batch_size, rng=rng
    )
    assert record.loss == pytest.approx(evaluate(model, SoftmaxCrossEntropy(), x, y)[0])


@pytest.mark.parametrize("accuracy", [0.5, 0.9, 0.98])
def test_shares_of_right_answers_scatter_as_the_formula_says(accuracy):
    N = 359
    shares = np.random.default_rng(0).binomial(N, accuracy, size=20_000) / N
    assert shares.std() == pytest.approx(math.sqrt(accuracy * (1 - accuracy) / N), rel=0.03)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_bias_can_subtract_the_mean(seed):
    rng = np.random.default_rng(seed)
    x, _ = examples(rng)
    mean = rng.normal(size=5)
    layer = Dense(5, 3, rng=rng)
    layer.b.value[:] = rng.normal(size=3)
    centred = layer.forward(x - mean)
    layer.b.value -= mean @ layer.W.value
    np.testing.assert_allclose(layer.forward(x), centred, atol=1e-13)
