import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import Standardizer, batches, split

seeds = st.integers(0, 2**32 - 1)


def numbered(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Examples whose input and target both tell their row."""
    rows = np.arange(n, dtype=float)
    return np.column_stack([rows, rows]), rows


@given(n=st.integers(1, 50), size=st.integers(1, 60), seed=seeds)
def test_batches_visit_each_row_once_with_its_target(n, size, seed):
    X, y = numbered(n)
    seen = list(batches(X, y, size=size, rng=np.random.default_rng(seed)))
    assert [len(x) for x, _ in seen[:-1]] == [size] * (len(seen) - 1)
    assert 1 <= len(seen[-1][0]) <= size
    assert sorted(np.concatenate([target for _, target in seen])) == list(y)
    for x, target in seen:
        np.testing.assert_array_equal(x[:, 0], target)


def test_batches_mix_other_rows_in_every_epoch():
    # A well-known fault: shuffling the starts of the batches instead of the rows. The first batch
    # is then another one each epoch, but the same rows always come together: 200 epochs over 96
    # rows saw the same three batches, and their gradients were never averaged in another way.
    X, y = numbered(96)
    rng = np.random.default_rng(0)
    compositions = {
        frozenset(target) for _ in range(20) for _, target in batches(X, y, size=32, rng=rng)
    }
    assert len(compositions) == 60


def test_every_row_reaches_every_place():
    X, y = numbered(8)
    rng = np.random.default_rng(0)
    firsts = [next(iter(batches(X, y, size=1, rng=rng)))[1][0] for _ in range(800)]
    # 100 expected each; the standard deviation is sqrt(800 · 1/8 · 7/8) = 9.4.
    assert np.abs(np.bincount(np.array(firsts, int), minlength=8) - 100).max() < 5 * 9.4


def test_the_same_seed_gives_the_same_batches():
    X, y = numbered(20)
    first, second = (
        [list(target) for _, target in batches(X, y, size=3, rng=np.random.default_rng(5))]
        for _ in range(2)
    )
    assert first == second


def test_batches_keep_dtypes_and_are_copies():
    X, y = np.zeros((4, 2), np.float32), np.arange(4, dtype=np.int32)
    x, target = next(iter(batches(X, y, size=4, rng=np.random.default_rng(0))))
    assert x.dtype == np.float32
    assert target.dtype == np.int32
    x += 1
    assert not X.any()


def test_batches_check_their_arguments_at_the_call():
    rng = np.random.default_rng(0)
    X, y = numbered(4)
    for wrong in (0, -1):
        with pytest.raises(ValueError, match="size"):
            batches(X, y, size=wrong, rng=rng)
    for wrong in (1.5, None, True):
        with pytest.raises(TypeError, match="size"):
            batches(X, y, size=wrong, rng=rng)
    with pytest.raises(TypeError, match="rng"):
        batches(X, y, size=2, rng=0)


@pytest.mark.parametrize(
    "call",
    [
        lambda X, y: batches(X, y, size=2, rng=np.random.default_rng(0)),
        lambda X, y: split(X, y, rng=np.random.default_rng(0)),
    ],
)
def test_examples_are_equally_many_finite_numbers(call):
    X, y = numbered(4)
    with pytest.raises(ValueError, match="equal length, got 4 rows and 3 targets"):
        call(X, y[:3])
    for wrong in ([["a"]] * 4, X * 1j, X.astype(object), [[1.0], [1.0, 2.0]]):
        with pytest.raises(TypeError, match="expected X"):
            call(wrong, y)
        with pytest.raises(TypeError, match="expected y"):
            call(X, wrong)
    for wrong in (np.full((4, 2), np.nan), X[:0], 5.0):
        with pytest.raises(ValueError, match="X"):
            call(wrong, y)


@given(
    counts=st.lists(st.integers(1, 30), min_size=1, max_size=5),
    test=st.floats(0.05, 0.95),
    seed=seeds,
)
def test_a_split_is_disjoint_complete_and_stratified(counts, test, seed):
    labels = np.repeat(np.arange(len(counts)), counts)
    n = len(labels)
    rows = np.random.default_rng(seed).permutation(n)
    y, test_examples = labels[rows], round(test * n)
    X = np.column_stack([rows, y])
    rng = np.random.default_rng(seed)
    if not 0 < test_examples < n:
        with pytest.raises(ValueError, match="leaves both parts an example"):
            split(X, y, test=test, rng=rng)
        return
    X_train, X_test, y_train, y_test = split(X, y, test=test, rng=rng)
    assert len(X_test) == test_examples
    assert sorted([*X_train[:, 0], *X_test[:, 0]]) == list(range(n))
    np.testing.assert_array_equal(X_train[:, 1], y_train)
    np.testing.assert_array_equal(X_test[:, 1], y_test)
    share = np.bincount(y_test, minlength=len(counts)) - np.array(counts) * test_examples / n
    assert np.abs(share).max() < 1


def test_a_rare_class_reaches_the_test_part_where_chance_alone_would_miss_it():
    # 10 of 100 examples; a test part of 10 drawn blindly has none of them one time in three.
    y = np.array([0] * 90 + [1] * 10)
    for seed in range(50):
        *_, y_test = split(np.arange(100.0), y, test=0.1, rng=np.random.default_rng(seed))
        assert y_test.sum() == 1


def test_each_example_is_as_likely_as_the_others_to_be_tested():
    y = np.array([0] * 13 + [1] * 7)
    rng = np.random.default_rng(0)
    tested = np.zeros(20)
    for _ in range(2000):
        _, rows, *_ = split(np.arange(20), y, test=0.2, rng=rng)
        tested[rows] += 1
    # 400 expected; the standard deviation is sqrt(2000 · 0.2 · 0.8) = 18.
    assert np.abs(tested - 400).max() < 5 * 18


def test_a_split_is_in_random_order_and_repeats_for_the_same_seed():
    X, y = np.arange(100), np.repeat([0, 1], 50)
    first, second = (split(X, y, rng=np.random.default_rng(3)) for _ in range(2))
    for one, two in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, two)
    for labels in first[2:]:
        assert 0 < labels[: len(labels) // 2].mean() < 1


def test_quantities_are_split_too():
    X, y = numbered(10)
    X_train, X_test, y_train, y_test = split(X, y, test=0.3, rng=np.random.default_rng(0))
    assert (len(X_train), len(X_test)) == (7, 3)
    assert sorted([*y_train, *y_test]) == list(y)


def test_a_share_outside_0_to_1_is_refused():
    X, y = numbered(10)
    for wrong in (0.0, 0.01, 0.99, 1.0, -0.2, 2, np.nan):
        with pytest.raises(ValueError, match="test"):
            split(X, y, test=wrong, rng=np.random.default_rng(0))
    with pytest.raises(TypeError, match="test"):
        split(X, y, test="half", rng=np.random.default_rng(0))
    with pytest.raises(TypeError, match="rng"):
        split(X, y, rng=None)


@given(n=st.integers(2, 30), seed=seeds, scale=st.floats(1e-3, 1e3), shift=st.floats(-1e3, 1e3))
def test_the_training_part_is_standardized_to_mean_0_and_spread_1(n, seed, scale, shift):
    X = np.random.default_rng(seed).normal(size=(n, 3)) * scale + shift
    x = Standardizer(X).apply(X)
    # A mean of 1,000 with a spread of 0.001 leaves rounding errors of about 1e-10.
    np.testing.assert_allclose(x.mean(axis=0), 0, atol=1e-7)
    np.testing.assert_allclose(x.std(axis=0), 1, atol=1e-7)


def test_the_test_part_is_measured_with_the_scale_of_the_training_part():
    standardizer = Standardizer([[0.0], [2.0]])
    np.testing.assert_array_equal(standardizer.apply([[1.0], [5.0]]), [[0.0], [4.0]])


@pytest.mark.parametrize("value", [0.0, 0.1, 1e9 + 0.1, -3.3])
def test_a_constant_column_is_shifted_to_0_not_blown_up(value):
    # The standard deviation of 30 times 0.1 is not 0 but 2.8e-17; dividing by it turns rounding
    # errors, and any other value in the test part, into enormous features.
    X = np.full((30, 1), value)
    standardizer = Standardizer(X)
    np.testing.assert_array_equal(standardizer.apply(X), np.zeros((30, 1)))
    np.testing.assert_allclose(standardizer.apply(X + 1), 1.0)


def test_standardizing_keeps_float32_and_the_shape_of_images():
    X = np.random.default_rng(0).random((10, 1, 4, 4), np.float32)
    x = Standardizer(X).apply(X)
    assert x.dtype == np.float32
    assert x.shape == X.shape


def test_standardizing_refuses_other_columns_and_what_are_no_numbers():
    standardizer = Standardizer(np.ones((4, 2)))
    for shape in ((4, 3), (2,), (4, 2, 1)):
        with pytest.raises(ValueError, match=r"X of shape \(N, 2\)"):
            standardizer.apply(np.ones(shape))
    for wrong in ([["a", "b"]], [[1j, 2.0]], [[1.0], [1.0, 2.0]]):
        with pytest.raises(TypeError, match="expected X"):
            standardizer.apply(wrong)
        with pytest.raises(TypeError, match="expected X_train"):
            Standardizer(wrong)
    for wrong in ([[np.nan, 1.0]], np.zeros((0, 2)), 5.0):
        with pytest.raises(ValueError, match="X_train"):
            Standardizer(wrong)
