import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.datasets import blobs, circles, moons, noisy_sine, spirals, xor

CLASSIFIED = [moons, circles, spirals, blobs, xor]
ALL = [*CLASSIFIED, noisy_sine]


@pytest.mark.parametrize("toy", CLASSIFIED)
@settings(deadline=None)
@given(n=st.integers(1, 50), seed=st.integers(0, 2**32 - 1))
def test_a_toy_has_exactly_n_points_and_balanced_classes(toy, n, seed):
    x, y = toy(n, rng=np.random.default_rng(seed))
    assert x.shape == (n, 2)
    assert y.shape == (n,)
    assert x.dtype == np.float64
    assert y.dtype == np.int64
    classes = 3 if toy is blobs else 2
    counts = np.bincount(y, minlength=classes)
    assert len(counts) == classes
    assert counts.max() - counts.min() <= 1


@pytest.mark.parametrize("toy", ALL)
def test_a_toy_repeats_itself_for_a_seed_and_only_for_that_seed(toy):
    first, again, other = (toy(40, rng=np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert np.array_equal(first[0], again[0])
    assert np.array_equal(first[1], again[1])
    assert not np.array_equal(first[0], other[0])


@pytest.mark.parametrize("toy", ALL)
def test_a_toy_leaves_the_global_random_state_alone(toy):
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    toy(10, rng=np.random.default_rng(0))
    assert np.array_equal(np.random.get_state()[1], before)  # noqa: NPY002


@pytest.mark.parametrize("toy", CLASSIFIED)
def test_labels_come_in_random_order(toy):
    _, y = toy(400, rng=np.random.default_rng(0))
    repeats = np.mean(y[1:] == y[:-1])
    expected = 1 / len(np.unique(y))
    assert abs(repeats - expected) < 0.1


@pytest.mark.parametrize("toy", ALL)
@pytest.mark.parametrize(
    ("n", "error"), [(0, ValueError), (-1, ValueError), (2.5, TypeError), (True, TypeError)]
)
def test_a_toy_refuses_a_wrong_number_of_points(toy, n, error):
    with pytest.raises(error, match=rf"{toy.__name__} expected n "):
        toy(n, rng=np.random.default_rng(0))


@pytest.mark.parametrize("toy", ALL)
@pytest.mark.parametrize(
    ("noise", "error"),
    [(-0.1, ValueError), (np.inf, ValueError), (np.nan, ValueError), ("a lot", TypeError)],
)
def test_a_toy_refuses_impossible_noise(toy, noise, error):
    with pytest.raises(error, match=rf"{toy.__name__} expected noise "):
        toy(5, noise=noise, rng=np.random.default_rng(0))


@pytest.mark.parametrize("toy", ALL)
def test_a_toy_needs_a_generator(toy):
    with pytest.raises(TypeError, match="rng"):
        toy(5)
    with pytest.raises(TypeError, match=rf"{toy.__name__} expected rng from"):
        toy(5, rng=np.random)


def test_moons_without_noise_lie_on_their_half_circles():
    x, y = moons(100, noise=0.0, rng=np.random.default_rng(0))
    upper, lower = x[y == 0], x[y == 1]
    assert np.allclose(np.hypot(*upper.T), 1)
    assert (upper[:, 1] >= 0).all()
    assert np.allclose(np.hypot(*(lower - [1, 0.5]).T), 1)
    assert (lower[:, 1] <= 0.5).all()


def test_circles_without_noise_have_radius_one_and_a_half():
    x, y = circles(100, noise=0.0, rng=np.random.default_rng(0))
    assert np.allclose(np.hypot(*x.T), np.where(y == 0, 1, 0.5))


@settings(deadline=None)
@given(classes=st.integers(2, 6), seed=st.integers(0, 1000))
def test_a_spiral_arm_is_the_first_one_turned(classes, seed):
    x, k = spirals(60, classes=classes, noise=0.0, rng=np.random.default_rng(seed))
    r = np.hypot(*x.T)
    turned = np.arctan2(x[:, 1], x[:, 0]) / (2 * np.pi) - r - k / classes  # whole turns are left
    assert np.allclose(turned, np.round(turned))


def test_xor_points_sit_at_corners_and_their_class_is_the_exclusive_or():
    x, y = xor(41, noise=0.0, rng=np.random.default_rng(0))
    a, b = x.T.astype(int)
    assert np.array_equal(y, a ^ b)
    assert sorted(np.bincount(2 * a + b)) == [10, 10, 10, 11]


def test_blobs_accept_their_centers_and_spread_by_the_noise():
    x, y = blobs(4000, centers=[[10, 0], [-10, 3]], noise=0.7, rng=np.random.default_rng(0))
    for k, center in enumerate([[10, 0], [-10, 3]]):
        assert np.allclose(x[y == k].mean(0), center, atol=0.07)
        assert np.allclose(x[y == k].std(0), 0.7, atol=0.05)


def test_blobs_put_a_number_of_centers_evenly_on_a_circle():
    x, y = blobs(5, centers=5, noise=0.0, rng=np.random.default_rng(0))
    ordered = x[np.argsort(y)]
    gaps = np.linalg.norm(ordered - np.roll(ordered, 1, axis=0), axis=1)
    assert np.allclose(np.hypot(*x.T), 2)
    assert np.allclose(gaps, gaps[0])


@pytest.mark.parametrize(
    ("centers", "error"),
    [(0, ValueError), (2.5, TypeError), ([[1, 2, 3]], ValueError), ([[np.nan, 0]], ValueError)],
)
def test_blobs_refuse_wrong_centers(centers, error):
    with pytest.raises(error, match=r"blobs expected .*centers"):
        blobs(5, centers=centers, rng=np.random.default_rng(0))


@pytest.mark.parametrize(("classes", "error"), [(1, ValueError), (2.0, TypeError)])
def test_spirals_refuse_fewer_than_two_classes(classes, error):
    with pytest.raises(error, match="spirals expected classes"):
        spirals(5, classes=classes, rng=np.random.default_rng(0))


def test_the_noise_of_a_sine_has_the_given_spread_and_no_trend():
    x, y = noisy_sine(4000, noise=0.3, rng=np.random.default_rng(0))
    assert x.shape == (4000, 1)
    assert y.shape == (4000,)
    assert 0 <= x.min() < x.max() < 1
    noise = y - np.sin(2 * np.pi * x[:, 0])
    assert abs(noise.std() - 0.3) < 0.02
    assert abs(np.corrcoef(x[:, 0], noise)[0, 1]) < 0.05
