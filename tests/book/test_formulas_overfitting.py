"""The formulas of the chapter on overfitting, over random data."""

import numpy as np
import pytest

from course_lib import bias_variance
from course_lib.demos.overfitting import fit_last_layer

SEEDS = range(8)


@pytest.mark.parametrize("seed", SEEDS)
def test_expected_squared_error_is_bias_variance_and_noise(seed):
    """Chance is taken out: every answer meets every noise once, and the noise has mean 0."""
    rng = np.random.default_rng(seed)
    f, answers, e = rng.normal(), rng.normal(size=30), rng.normal(size=20)
    e -= e.mean()
    error = np.mean((f + e[:, None] - answers) ** 2)
    bias_squared = (answers.mean() - f) ** 2
    variance = np.mean((answers - answers.mean()) ** 2)
    assert error == pytest.approx(bias_squared + variance + np.mean(e**2))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_measured_parts_add_up_to_the_measured_error(seed):
    rng = np.random.default_rng(seed)
    x, slopes = rng.normal(size=(40, 3)), rng.normal(size=(3, 2))
    parts = bias_variance(
        lambda x, y, x_test, rng: fit_last_layer(x, y, x_test, 10, rng)[0],
        lambda x: np.sin(x @ slopes),
        [rng.normal(size=(25, 3)) for _ in range(30)],
        x,
        noise=0.5,
        rng=rng,
    )
    total = parts.bias_squared + parts.variance + parts.noise
    assert parts.error == pytest.approx(total, rel=0.05)


@pytest.mark.parametrize(("N", "H"), [(12, 4), (30, 10), (30, 20), (10, 20), (20, 50), (5, 40)])
def test_noise_costs_what_the_formula_of_the_peak_says(N, H):
    rng = np.random.default_rng(N + H)
    costs = []
    for _ in range(1500):
        h, noise = rng.normal(size=(N, H)), 0.7 * rng.normal(size=N)
        change, *_ = np.linalg.lstsq(h, noise)
        costs.append((rng.normal(size=(5, H)) @ change) ** 2)
    formula = H / (N - H - 1) if H < N - 1 else N / (H - N - 1)
    assert np.mean(costs) == pytest.approx(0.7**2 * formula, rel=0.12)


@pytest.mark.parametrize("seed", SEEDS)
def test_noise_changes_the_solution_as_the_derivation_says(seed):
    rng = np.random.default_rng(seed)
    for N, H in [(9, 4), (4, 9)]:
        h, t, e = rng.normal(size=(N, H)), rng.normal(size=N), rng.normal(size=N)
        change = np.linalg.lstsq(h, t + e)[0] - np.linalg.lstsq(h, t)[0]
        if H < N:
            expected = np.linalg.inv(h.T @ h) @ h.T @ e
            trace = np.trace(np.linalg.inv(h.T @ h))
        else:
            expected = h.T @ np.linalg.inv(h @ h.T) @ e
            trace = np.trace(np.linalg.inv(h @ h.T))
        np.testing.assert_allclose(change, expected, atol=1e-9)
        each = np.linalg.pinv(h)  # its columns are the changes by unit noise in each target
        assert np.sum(each**2) == pytest.approx(trace)


@pytest.mark.parametrize("seed", SEEDS)
def test_beyond_the_threshold_the_shortest_solution_only_gets_shorter(seed):
    rng = np.random.default_rng(seed)
    h, t = np.maximum(rng.normal(size=(12, 40)), 0), rng.normal(size=(12, 3))
    lengths = []
    for H in range(15, 41):
        V, *_ = np.linalg.lstsq(h[:, :H], t)
        np.testing.assert_allclose(h[:, :H] @ V, t, atol=1e-8)
        lengths.append(np.linalg.norm(V))
    assert (np.diff(lengths) <= 1e-9).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_residual_over_one_minus_its_leverage_is_the_left_out_residual(seed):
    rng = np.random.default_rng(seed)
    N = int(rng.integers(6, 20))
    H = int(rng.integers(1, N - 2))
    h, t = rng.normal(size=(N, H)), rng.normal(size=N)
    P = h @ np.linalg.inv(h.T @ h) @ h.T
    r = P @ t - t
    leverage = np.diag(P)
    assert (leverage > 0).all()
    assert (leverage < 1).all()
    for i in range(N):
        others = np.arange(N) != i
        V, *_ = np.linalg.lstsq(h[others], t[others])
        assert h[i] @ V - t[i] == pytest.approx(r[i] / (1 - P[i, i]))
        # Step 1 of the proof: with its own prediction as target the example changes nothing.
        replaced = np.where(others, t, h[i] @ V)
        np.testing.assert_allclose(np.linalg.lstsq(h, replaced)[0], V, atol=1e-8)
