import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.challenges.model_selection import cross_validate, k_fold, learning_curve

seeds = st.integers(0, 2**32)


def rows_seen(X_train, y_train, X_validation, y_validation, rng):
    return len(X_train), len(X_validation)


def least_squares_error(X_train, y_train, X_validation, y_validation, rng):
    W = np.linalg.lstsq(X_train, y_train, rcond=None)[0]
    return np.mean((X_train @ W - y_train) ** 2), np.mean((X_validation @ W - y_validation) ** 2)


@settings(deadline=None)
@given(st.integers(2, 60), st.data(), seeds)
def test_each_row_is_in_exactly_one_validation_fold(n, data, seed):
    k = data.draw(st.integers(2, n))
    folds = k_fold(n, k, rng=np.random.default_rng(seed))
    assert len(folds) == k
    validations = np.concatenate([validation for _, validation in folds])
    assert sorted(validations) == list(range(n))
    sizes = [len(validation) for _, validation in folds]
    assert max(sizes) - min(sizes) <= 1
    for train, validation in folds:
        assert sorted([*train, *validation]) == list(range(n))


def test_folds_are_shuffled_and_repeat_with_the_seed():
    folds = k_fold(100, 5, rng=np.random.default_rng(0))
    again = k_fold(100, 5, rng=np.random.default_rng(0))
    other = k_fold(100, 5, rng=np.random.default_rng(1))
    assert sorted(folds[0][1]) != list(range(20))
    np.testing.assert_array_equal(folds[0][1], again[0][1])
    assert set(folds[0][1]) != set(other[0][1])


def test_cross_validation_equals_scikit_learns_on_the_same_folds():
    linear_model = pytest.importorskip("sklearn.linear_model")
    selection = pytest.importorskip("sklearn.model_selection")
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 4))
    y = X @ [1.0, 2.0, 3.0, 4.0] + rng.normal(size=30)
    scores = cross_validate(least_squares_error, X, y, 5, rng=np.random.default_rng(1))
    expected = -selection.cross_val_score(
        linear_model.LinearRegression(fit_intercept=False),
        X,
        y,
        cv=k_fold(30, 5, rng=np.random.default_rng(1)),
        scoring="neg_mean_squared_error",
    )
    np.testing.assert_allclose(scores[:, 1], expected)


def test_leave_one_out_equals_the_hat_matrix_formula():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(12, 3)), rng.normal(size=12)
    scores = cross_validate(least_squares_error, X, y, 12, rng=rng)
    hat = X @ np.linalg.inv(X.T @ X) @ X.T
    residuals = (y - hat @ y) / (1 - np.diag(hat))
    np.testing.assert_allclose(sorted(scores[:, 1]), sorted(residuals**2))


def test_inputs_and_targets_stay_together():
    X = np.arange(20.0).reshape(20, 1)

    def score(X_train, y_train, X_validation, y_validation, rng):
        return np.array_equal(X_train[:, 0], y_train) and np.array_equal(
            X_validation[:, 0], y_validation
        )

    assert cross_validate(score, X, X[:, 0], 4, rng=np.random.default_rng(0)).all()
    curve = learning_curve(score, X, X[:, 0], [3, 15], k=4, rng=np.random.default_rng(0))
    assert curve.all()


def test_each_fold_has_its_own_generator():
    X, y = np.zeros((6, 1)), np.zeros(6)
    scores = cross_validate(lambda *a: a[-1].normal(), X, y, 3, rng=np.random.default_rng(0))
    greedy = cross_validate(
        lambda *a: a[-1].normal(size=9)[0], X, y, 3, rng=np.random.default_rng(0)
    )
    assert len(set(scores)) == 3
    np.testing.assert_array_equal(scores, greedy)


def test_a_learning_curve_has_the_sizes_that_were_asked_for():
    X, y = np.zeros((20, 2)), np.zeros(20)
    curve = learning_curve(rows_seen, X, y, [1, 7, 15], k=4, rng=np.random.default_rng(0))
    assert curve.shape == (3, 4, 2)
    np.testing.assert_array_equal(curve[:, :, 0], [[1] * 4, [7] * 4, [15] * 4])
    np.testing.assert_array_equal(curve[:, :, 1], 5)


def test_smaller_training_sets_are_part_of_the_larger_ones_and_never_of_the_validation_set():
    X = np.arange(20.0).reshape(20, 1)
    seen = []

    def remember(X_train, y_train, X_validation, y_validation, rng):
        seen.append((set(X_train[:, 0]), set(X_validation[:, 0])))
        return 0.0

    learning_curve(remember, X, X[:, 0], [4, 10, 16], k=5, rng=np.random.default_rng(0))
    for fold in range(5):
        small, middle, large = seen[fold::5]
        assert small[0] < middle[0] < large[0]
        assert small[1] == middle[1] == large[1]
        assert not large[0] & large[1]


def test_more_data_bring_training_and_validation_error_together():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 10))
    y = X @ np.ones(10) + rng.normal(size=400)
    curve = learning_curve(least_squares_error, X, y, [12, 40, 320], k=5, rng=rng).mean(axis=1)
    gap = curve[:, 1] - curve[:, 0]
    assert gap[0] > gap[1] > gap[2] > 0
    assert abs(curve[-1] - 1).max() < 0.15  # the noise's variance


def test_bad_arguments_are_named():
    rng = np.random.default_rng(0)
    X, y = np.zeros((10, 1)), np.zeros(10)
    with pytest.raises(ValueError, match="k_fold expected n of at least 2, got 1"):
        k_fold(1, 2, rng=rng)
    with pytest.raises(ValueError, match="k_fold expected k of at least 2, got 1"):
        k_fold(10, 1, rng=rng)
    with pytest.raises(ValueError, match="k_fold expected k of at most n = 10, got 11"):
        k_fold(10, 11, rng=rng)
    with pytest.raises(TypeError, match="k_fold expected rng"):
        k_fold(10, 2, rng=0)
    with pytest.raises(ValueError, match="cross_validate expected X and y of equal length"):
        cross_validate(rows_seen, X, y[:-1], 2, rng=rng)
    with pytest.raises(ValueError, match="learning_curve expected X and y of equal length"):
        learning_curve(rows_seen, X, y[:-1], [2], rng=rng)
    with pytest.raises(ValueError, match="at least one size, got none"):
        learning_curve(rows_seen, X, y, [], rng=rng)
    with pytest.raises(ValueError, match=r"sizes of at most 8, .* got 9"):
        learning_curve(rows_seen, X, y, [2, 9], rng=rng)
    with pytest.raises(ValueError, match="sizes of at least 1, got 0"):
        learning_curve(rows_seen, X, y, [0, 3], rng=rng)
