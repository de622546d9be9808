"""Networks of this wing learn what their chapters promise, from fixed seeds."""

import numpy as np

from course_lib.architecture import Dense, Flatten, ReLU, Sequential
from course_lib.challenges import (
    LSTM,
    Conv2D,
    Dropout,
    Embedding,
    LastStep,
    MaxPool2D,
    PerStep,
    Positions,
    TransformerBlock,
    clip_gradients,
    shift_images,
)
from course_lib.datasets import load_digits, load_spoken_digits
from course_lib.training import Adam, SoftmaxCrossEntropy, batches, evaluate, split, train

FLOAT = {"dtype": np.float32}


def test_a_small_cnn_reads_unseen_digits():
    rng = np.random.default_rng(1)
    images, labels = load_digits()
    images = images.reshape(-1, 1, 8, 8).astype(np.float32)
    X, X_test, y, y_test = split(images, labels, test=0.2, rng=rng)
    X = np.concatenate([X] + [shift_images(X, 1, rng=rng) for _ in range(4)])
    y = np.tile(y, 5)
    model = Sequential(
        Conv2D(1, 16, 3, rng=rng, padding=1, **FLOAT),
        ReLU(),
        Conv2D(16, 32, 3, rng=rng, padding=1, **FLOAT),
        ReLU(),
        MaxPool2D(2),
        Flatten(),
        Dropout(0.4, rng=rng),
        Dense(512, 64, rng=rng, **FLOAT),
        ReLU(),
        Dense(64, 10, rng=rng, **FLOAT),
    )
    loss_fn, optimizer = SoftmaxCrossEntropy(), Adam(model.parameters(), lr=3e-3)
    for epoch in train(model, loss_fn, optimizer, X, y, epochs=5, batch_size=64, rng=rng):
        optimizer.lr = 3e-3 * (1 - epoch.epoch / 5.5)
    _, accuracy = evaluate(model, loss_fn, X_test, y_test)
    assert accuracy >= 0.985


def test_an_lstm_understands_digits_spoken_by_unseen_voices():
    rng = np.random.default_rng(0)
    data = load_spoken_digits()
    model = Sequential(
        LSTM(20, 64, rng=rng, skip_padding=True, **FLOAT),
        LastStep(),
        Dense(64, 10, rng=rng, **FLOAT),
    )
    loss_fn, optimizer = SoftmaxCrossEntropy(), Adam(model.parameters(), lr=8e-3)
    X = data.train.x.astype(np.float32)
    epochs = 9
    for epoch in range(epochs):
        optimizer.lr = 8e-3 * (1 - epoch / epochs)
        for x, y in batches(X, data.train.y, size=32, rng=rng):
            loss_fn.forward(model.forward(x, train=True), y)
            model.zero_grad()
            model.backward(loss_fn.backward())
            clip_gradients(model.parameters(), 1.0)
            optimizer.step()
    _, accuracy = evaluate(model, loss_fn, data.test.x.astype(np.float32), data.test.y)
    assert accuracy >= 0.9


def test_a_causal_transformer_learns_to_copy_what_stood_four_steps_before():
    rng = np.random.default_rng(0)
    V, T, D, back = 6, 16, 32, 4
    X = rng.integers(0, V, (600, T))
    for t in range(back, T):
        X[:, t] = X[:, t - back]
    model = Sequential(
        Embedding(V, D, rng=rng, **FLOAT),
        Positions(T, D, rng=rng, **FLOAT),
        TransformerBlock(D, 2, 64, rng=rng, causal=True, **FLOAT),
        PerStep(Dense(D, V, rng=rng, **FLOAT)),
    )
    x, y = X[:, :-1], X[:, 1:]
    loss_fn, optimizer = SoftmaxCrossEntropy(), Adam(model.parameters(), lr=5e-3)
    for _ in train(model, loss_fn, optimizer, x[:500], y[:500], epochs=12, batch_size=32, rng=rng):
        pass
    y_predicted = model.forward(x[500:]).argmax(axis=-1)
    assert (y_predicted == y[500:])[:, back - 1 :].mean() > 0.95
    # Nothing can be known of the first steps, and a peep at the answers would show here.
    assert (y_predicted == y[500:])[:, : back - 1].mean() < 0.4
