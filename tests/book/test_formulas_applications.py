"""The formulas of the chapter on applications: an interval, counts, perplexity, and a bound."""

import math

import numpy as np
import pytest

from course_lib import SoftmaxCrossEntropy
from course_lib.demos.yardsticks import CharacterCounts, perplexity, share_interval

SEEDS = range(8)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_ends_of_the_interval_are_z_standard_errors_from_the_share(seed):
    """Wilson's ends q solve ``|p - q| = z * sqrt(q * (1 - q) / N)``, which defines them."""
    rng = np.random.default_rng(seed)
    N = int(rng.integers(2, 500))
    right, z = int(rng.integers(1, N)), rng.uniform(0.5, 3)
    for end in share_interval(right, N, z=z):
        assert abs(right / N - end) == pytest.approx(z * math.sqrt(end * (1 - end) / N))


def test_the_interval_stays_between_0_and_1_and_never_becomes_a_point():
    for N in (1, 7, 400):
        low, high = share_interval(0, N)
        assert low == 0 < high < 1
        low, high = share_interval(N, N)
        assert 0 < low < 1 == pytest.approx(high)


@pytest.mark.parametrize("truth", [0.5, 0.9, 0.97])
def test_the_interval_holds_the_truth_in_about_95_of_100_cases(truth):
    right = np.random.default_rng(0).binomial(359, truth, 2000)
    ends = {int(k): share_interval(int(k), 359) for k in np.unique(right)}
    held = np.mean([ends[int(k)][0] <= truth <= ends[int(k)][1] for k in right])
    assert 0.93 < held < 0.975


@pytest.mark.parametrize("arguments", [(11, 10), (-1, 10), (1, 0)])
def test_an_interval_of_impossible_counts_is_refused(arguments):
    with pytest.raises(ValueError, match="share_interval expected"):
        share_interval(*arguments)


def by_hand(text, context, c, strength, V):
    """Evaluate the chapter's recursion from the whole context down to 1 / V."""
    p = 1 / V
    for n in range(1, len(context) + 2):
        short = context[len(context) - n + 1 :]
        after = [text[t] for t in range(n - 1, len(text)) if text[t - n + 1 : t] == short]
        p = (after.count(c) + strength * p) / (len(after) + strength)
    return p


@pytest.mark.parametrize("seed", SEEDS)
def test_counts_are_mixed_with_those_of_shorter_contexts_as_the_chapter_writes_it(seed):
    rng = np.random.default_rng(seed)
    V, order, strength = int(rng.integers(2, 5)), int(rng.integers(1, 5)), rng.uniform(0.1, 9)
    text = rng.integers(0, V, 60).tolist()
    ids = rng.integers(0, V, 12).tolist()
    model = CharacterCounts(text, V, order=order, strength=strength)
    p = model.predict(ids)
    for t in range(len(ids)):
        context = ids[max(0, t - order + 2) : t + 1]
        for c in range(V):
            assert p[t, c] == pytest.approx(by_hand(text, context, c, strength, V), rel=1e-9)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    shorter = CharacterCounts(text, V, order=1, strength=strength).predict(ids)
    np.testing.assert_allclose(model.predict(ids, order=1), shorter)


def test_counts_of_too_short_a_text_or_of_other_characters_are_refused():
    with pytest.raises(ValueError, match="more than 3 characters, got 3"):
        CharacterCounts([0, 1, 0], 2, order=3, strength=1.0)
    model = CharacterCounts([0, 1, 0, 1], 2, order=2, strength=1.0)
    with pytest.raises(ValueError, match=r"CharacterCounts\.predict"):
        model.predict([0, 2])


@pytest.mark.parametrize("seed", SEEDS)
def test_perplexity_is_the_exponential_of_the_cross_entropy(seed):
    rng = np.random.default_rng(seed)
    z, y = rng.normal(size=(30, 7)), rng.integers(0, 7, 30)
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    expected = math.exp(SoftmaxCrossEntropy().forward(z, y))
    assert perplexity(p[np.arange(30), y]) == pytest.approx(expected)
    V = int(rng.integers(1, 99))
    assert perplexity(np.full(5, 1 / V)) == pytest.approx(V)
    assert perplexity(np.ones(5)) == 1


@pytest.mark.parametrize("seed", SEEDS)
def test_wrong_steps_of_a_lost_driver_are_counted_and_bounded_as_the_chapter_writes_it(seed):
    rng = np.random.default_rng(seed)
    T, error = int(rng.integers(1, 60)), rng.uniform(0.001, 0.3)
    expected = sum(1 - (1 - error) ** t for t in range(1, T + 1))
    assert expected <= error * T * (T + 1) / 2 + 1e-12
    errs = rng.uniform(size=(20_000, T)) < error
    lost = np.logical_or.accumulate(errs, axis=1).sum(axis=1)
    assert lost.mean() == pytest.approx(expected, abs=5 * lost.std() / math.sqrt(len(lost)) + 1e-9)
    assert errs.sum(axis=1).mean() == pytest.approx(error * T, rel=0.2, abs=0.01)
