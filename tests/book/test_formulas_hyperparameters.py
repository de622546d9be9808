"""The formulas of the chapter on hyperparameters, over random numbers and searches."""

import math

import numpy as np
import pytest

from course_lib import LogUniform, cross_validate, grid, k_fold

SEEDS = range(8)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_score_is_the_mean_error_of_folds_that_each_picture_is_in_once(seed):
    rng = np.random.default_rng(seed)
    N, k = int(rng.integers(10, 40)), int(rng.integers(2, 8))
    X, y = np.arange(N)[:, None], rng.integers(0, 2, N)
    asked = []

    def share_of_ones(X_train, y_train, X_validation, y_validation, rng):
        asked.extend(X_validation[:, 0])
        assert len({*X_train[:, 0], *X_validation[:, 0]}) == N
        return y_validation.mean()

    errors = cross_validate(share_of_ones, X, y, k, rng=np.random.default_rng(seed))
    assert sorted(asked) == list(range(N))
    assert errors.mean() == pytest.approx(1 / k * sum(errors))
    expected = 1 / (k - 1) * sum((error - errors.mean()) ** 2 for error in errors)
    assert errors.std(ddof=1) ** 2 == pytest.approx(expected)


@pytest.mark.parametrize("k", [4, 10])
def test_a_mean_of_independent_errors_scatters_by_the_standard_error(k):
    errors = np.random.default_rng(k).normal(0.03, 0.01, size=(50_000, k))
    estimated = np.sqrt((errors.std(axis=1, ddof=1) ** 2).mean() / k)
    assert errors.mean(axis=1).std() == pytest.approx(estimated, rel=0.02)


def test_two_training_sets_of_a_cross_validation_share_most_of_their_rows():
    folds = k_fold(100, 10, rng=np.random.default_rng(0))
    assert len({*folds[0][0]} & {*folds[1][0]}) == 80


@pytest.mark.parametrize("seed", SEEDS)
def test_a_grid_has_as_many_trials_as_the_product_of_its_values(seed):
    sizes = np.random.default_rng(seed).integers(1, 5, size=4)
    space = {f"h{i}": list(range(size)) for i, size in enumerate(sizes)}
    assert len(list(grid(space))) == math.prod(sizes)


@pytest.mark.parametrize("seed", SEEDS)
def test_log_uniform_values_follow_their_distribution_function(seed):
    rng = np.random.default_rng(seed)
    low = 10 ** rng.uniform(-5, 0)
    high = low * 10 ** rng.uniform(0.5, 5)
    v = math.exp(rng.uniform(math.log(low), math.log(high)))
    share = np.mean([LogUniform(low, high).sample(rng) <= v for _ in range(4_000)])
    assert share == pytest.approx(math.log(v / low) / math.log(high / low), abs=0.04)


@pytest.mark.parametrize(("q", "n"), [(0.05, 24), (0.1, 24), (0.05, 60), (0.3, 3)])
def test_draws_hit_the_best_fraction_as_often_as_the_formula_says(q, n):
    good = np.random.default_rng(n).random((20_000, n)) < q
    assert good.any(axis=1).mean() == pytest.approx(1 - (1 - q) ** n, abs=0.012)


@pytest.mark.parametrize(("n", "r", "R"), [(48, 1, 4), (64, 1, 4), (32, 3, 6), (8, 2, 2)])
def test_every_round_of_halving_costs_the_same(n, r, R):
    budget, settings, epochs = 0, n, r
    for _ in range(R):
        assert settings * epochs == n * r
        budget += settings * epochs
        settings, epochs = settings // 2, epochs * 2
    assert budget == R * n * r


@pytest.mark.parametrize("seed", SEEDS)
def test_the_best_of_many_unbiased_scores_is_on_average_no_worse_than_the_best_truth(seed):
    rng = np.random.default_rng(seed)
    truth = rng.uniform(0.02, 0.1, size=rng.integers(2, 30))
    N = int(rng.integers(50, 2_000))
    measured = rng.binomial(N, truth, size=(4_000, len(truth))) / N
    assert measured.mean(axis=0) == pytest.approx(truth, abs=0.005)
    noise = 5 * measured.min(axis=1).std() / math.sqrt(len(measured))
    assert measured.min(axis=1).mean() <= truth.min() + noise


def test_of_equal_settings_the_best_looks_better_the_more_are_tried():
    measured = np.random.default_rng(0).binomial(1438, 0.03, size=(4_000, 96)) / 1438
    best = [measured[:, :n].min(axis=1).mean() for n in (1, 4, 24, 96)]
    assert np.all(np.diff(best) < 0)
    assert best[0] == pytest.approx(0.03, abs=0.0005)
    assert best[2] == pytest.approx(0.0216, abs=0.0005)


@pytest.mark.parametrize("error", [0.02, 0.03, 0.2])
def test_a_measured_error_scatters_as_the_formula_says(error):
    measured = np.random.default_rng(0).binomial(359, error, size=20_000) / 359
    assert measured.std() == pytest.approx(math.sqrt(error * (1 - error) / 359), rel=0.03)
