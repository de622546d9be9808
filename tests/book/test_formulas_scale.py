"""The formulas of the chapter on scale, over random curves, networks, labels and workers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import Dense, ReLU, Sequential, SoftmaxCrossEntropy, Tanh, sharded_gradient
from course_lib.demos import data_parallel

SEEDS = range(8)
seconds = st.floats(1e-4, 1e3)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_power_law_is_a_straight_line_of_logarithms(seed):
    rng = np.random.default_rng(seed)
    a, beta = rng.uniform(0.5, 5), rng.uniform(0.05, 1.5)
    n = np.geomspace(10, 1e5, 7)
    error = a * n**-beta
    np.testing.assert_allclose(np.log(error), np.log(a) - beta * np.log(n))
    slope, height = np.polyfit(np.log(n), np.log(error), 1)
    assert (-slope, np.exp(height)) == pytest.approx((beta, a))
    assert a * (2 * n) ** -beta == pytest.approx(2**-beta * error)  # the same share is left


@pytest.mark.parametrize("d", [1, 2, 3])
def test_the_nearest_of_n_places_is_as_far_away_as_the_chapter_says(d):
    rng = np.random.default_rng(d)
    means = []
    for n in (50, 1600):
        gap = np.abs(rng.random((1500, 1, d)) - rng.random((1, n, d)))
        gap = np.minimum(gap, 1 - gap)  # the cube is closed to a ring
        means.append(np.sqrt((gap**2).sum(axis=2).min(axis=1)).mean())
    exponent = -np.log(means[1] / means[0]) / np.log(32)
    assert exponent == pytest.approx(1 / d, rel=0.1)


@pytest.mark.parametrize("seed", SEEDS)
def test_an_answer_of_the_nearest_place_is_wrong_by_at_most_slope_times_distance(seed):
    rng = np.random.default_rng(seed)
    W = rng.normal(size=3)
    M = np.linalg.norm(W)  # |sin(x W) − sin(x' W)| <= |W| |x − x'|

    def truth(x):
        return np.sin(x @ W)

    known, new = rng.random((80, 3)), rng.random((200, 3))
    distances = np.linalg.norm(new[:, None] - known, axis=2)
    errors = np.abs(truth(known)[distances.argmin(axis=1)] - truth(new))
    assert np.all(errors <= M * distances.min(axis=1) + 1e-12)


@pytest.mark.parametrize(("error", "q"), [(0.02, 0.1), (0.3, 0.02), (0.6, 0.5), (0.05, 0.0)])
def test_wrong_test_labels_raise_the_measured_error_as_the_formula_says(error, q):
    rng = np.random.default_rng(0)
    size = 200_000
    truth = rng.integers(10, size=size)

    def replaced(labels, share):
        other = (labels + rng.integers(1, 10, size=size)) % 10
        return np.where(rng.random(size) < share, other, labels)

    answers, labels = replaced(truth, error), replaced(truth, q)
    measured = q + (1 - 10 * q / 9) * error
    assert measured == pytest.approx((1 - error) * q + error * (1 - q / 9))
    assert (answers != labels).mean() == pytest.approx(measured, abs=0.006)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(1, 12), min_size=1, max_size=6), st.integers(0, 100))
def test_shard_gradients_weighted_by_their_examples_are_the_gradient_of_the_batch(sizes, seed):
    rng = np.random.default_rng(seed)
    model = Sequential(Dense(5, 6, rng=rng), Tanh(), Dense(6, 3, rng=rng))
    loss_fn = SoftmaxCrossEntropy()
    N = sum(sizes)
    x, y = rng.normal(size=(N, 5)), rng.integers(3, size=N)

    def loss_and_gradient(x, y):
        loss = loss_fn.forward(model.forward(x), y)
        model.zero_grad()
        model.backward(loss_fn.backward())
        return loss, np.concatenate([p.grad.ravel() for p in model.parameters()])

    ends = np.cumsum(sizes)[:-1]
    shards = zip(np.split(x, ends), np.split(y, ends), strict=True)
    results = [loss_and_gradient(*shard) for shard in shards]
    whole_loss, whole = loss_and_gradient(x, y)
    loss = sum(N_s / N * loss_s for N_s, (loss_s, _) in zip(sizes, results, strict=True))
    gradient = sum(N_s / N * g_s for N_s, (_, g_s) in zip(sizes, results, strict=True))
    assert loss == pytest.approx(whole_loss, abs=1e-12)
    np.testing.assert_allclose(gradient, whole, rtol=0, atol=1e-12)
    _, parts = sharded_gradient(model, loss_fn, x, y, shards=len(sizes))
    together = np.concatenate([part.ravel() for part in parts])
    np.testing.assert_allclose(together, whole, rtol=0, atol=1e-12)


def test_the_plain_average_of_uneven_shards_is_another_gradient():
    rng = np.random.default_rng(0)
    g = rng.normal(size=(100, 4))  # one gradient for each example
    plain = (g[:90].mean(axis=0) + g[90:].mean(axis=0)) / 2
    counts = np.where(np.arange(100) < 90, 1 / 180, 1 / 20)
    np.testing.assert_allclose(plain, counts @ g)
    assert counts[-1] / counts[0] == pytest.approx(9)
    assert np.abs(plain - g.mean(axis=0)).max() > 0.01


@given(seconds, seconds)
def test_a_coordinator_is_fastest_with_the_root_of_compute_over_send(compute, send):
    best = np.sqrt(compute / send)
    shortest = data_parallel.coordinator_step(best, compute, send)
    assert compute / shortest == pytest.approx(np.sqrt(compute / send) / 2)
    for factor in (0.3, 0.9, 1.1, 4.0):
        assert data_parallel.coordinator_step(best * factor, compute, send) > shortest
    assert data_parallel.coordinator_step(2, compute, send) == pytest.approx(compute / 2 + 2 * send)


@given(seconds, st.floats(1e-3, 1.0), st.integers(1, 2000))
def test_the_speed_up_in_a_ring_is_the_one_of_amdahls_law(compute, f, p):
    speed_up = compute / data_parallel.ring_step(p, compute, f * compute)
    assert speed_up == pytest.approx(1 / (f + (1 - f) / p))
    assert speed_up <= 1 / f * (1 + 1e-12)


def test_a_thousand_workers_are_less_than_ten_times_as_fast_if_a_tenth_cannot_be_shared():
    assert 9.8 < 1 / (0.1 + 0.9 / 1000) < 10


@pytest.mark.parametrize("p", [1, 2, 3, 5, 8])
def test_in_a_ring_each_worker_sends_its_pieces_and_all_end_with_the_sum(p):
    """Pass pieces round as the model counts them: 2 (p − 1) pieces of a p-th each."""
    rng = np.random.default_rng(p)
    gradients = rng.normal(size=(p, p, 7))  # worker, piece, numbers
    held, sent = gradients.copy(), np.zeros(p)
    for turn in range(2 * (p - 1)):
        before = held.copy()
        for worker in range(p):
            piece, to = (worker - turn) % p, (worker + 1) % p
            if turn < p - 1:
                held[to, piece] = before[to, piece] + before[worker, piece]
            else:
                piece = (worker + 1 - (turn - (p - 1))) % p
                held[to, piece] = before[worker, piece]
            sent[worker] += 1 / p
    for worker in range(p):
        np.testing.assert_allclose(held[worker], gradients.sum(axis=0))
    np.testing.assert_allclose(sent, 2 * (p - 1) / p)
    # A gradient out and one back, 2 messages, take `send`: so the ring's share of it is sent / 2.
    assert data_parallel.ring_step(p, 0.0, 3.0) == pytest.approx(3.0 * sent[0] / 2)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_was_sent_and_what_is_kept_add_up_to_all_gradients(seed):
    rng = np.random.default_rng(seed)
    gradients = rng.normal(rng.normal(size=9), 1.0, size=(300, 9))
    e, total, plain = np.zeros(9), np.zeros(9), np.zeros(9)
    for g in gradients:
        wanted = g + e
        sent = np.mean(np.abs(wanted)) * np.sign(wanted)
        e = wanted - sent
        total += sent
        plain += np.mean(np.abs(g)) * np.sign(g)
        assert np.abs(e).max() < 100  # the memory stays bounded, however long it runs
    np.testing.assert_allclose(total + e, gradients.sum(axis=0), atol=1e-9)
    assert np.abs(plain - gradients.sum(axis=0)).max() > 2 * np.abs(e).max()


def test_a_large_batch_takes_a_share_of_the_steps():
    def steps(batch):
        return 20 * int(np.ceil(1198 / batch))

    assert [steps(30), steps(599)] == [800, 40]


def test_the_network_of_the_measurement_has_the_weights_that_the_text_names():
    model = data_parallel.new_network(rng=np.random.default_rng(0))
    assert sum(p.value.size for p in model.parameters()) == 301_066
    assert sum(isinstance(layer, ReLU) for layer in model.layers) == 2
