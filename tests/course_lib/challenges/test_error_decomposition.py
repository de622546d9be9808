import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.challenges.error_decomposition import bias_variance


def polynomial(degree):
    def fit_predict(x_train, y_train, x_test, rng):
        return np.polyval(np.polyfit(x_train, y_train, degree), x_test)

    return fit_predict


def nearest(x_train, y_train, x_test, rng):
    return y_train[np.abs(x_train[:, None] - x_test).argmin(axis=0)]


def zero(x_train, y_train, x_test, rng):
    return np.zeros(len(x_test))


def wave(x):
    return np.sin(3 * x)


X_TEST = np.linspace(-1, 1, 40)


def fresh_inputs(rng, data_sets=400, size=15):
    return [np.sort(rng.uniform(-1, 1, size)) for _ in range(data_sets)]


@settings(deadline=None, max_examples=20)
@given(
    st.sampled_from([polynomial(0), polynomial(3), nearest, zero]),
    st.floats(0, 2),
    st.integers(0, 1000),
)
def test_the_three_parts_add_up_to_the_measured_error(fit_predict, noise, seed):
    rng = np.random.default_rng(seed)
    squares = []

    def recording(x_train, y_train, x_test, rng):
        prediction = fit_predict(x_train, y_train, x_test, rng)
        squares.append((prediction - wave(x_test)) ** 2)
        return prediction

    parts = bias_variance(recording, wave, fresh_inputs(rng), X_TEST, noise=noise, rng=rng)
    total = parts.bias_squared + parts.variance + parts.noise
    # Without the noise of the targets it is an identity; with it, each of the n squared errors
    # (e + noise)² has the variance 2 noise⁴ + 4 e² noise² around its mean.
    reducible = np.mean(squares)
    assert np.isclose(parts.bias_squared + parts.variance, reducible)
    n = np.size(squares)
    standard_error = np.sqrt((2 * noise**4 + 4 * reducible * noise**2) / n)
    assert abs(total - parts.error) <= 5 * standard_error + 1e-9


def test_a_fitted_constant_has_the_variance_of_a_mean():
    x = np.linspace(-1, 1, 20)
    rng = np.random.default_rng(0)
    parts = bias_variance(polynomial(0), wave, [x] * 4000, X_TEST, noise=0.5, rng=rng)
    assert abs(parts.variance / (0.5**2 / 20) - 1) < 0.1
    assert abs(parts.bias_squared - np.mean(wave(X_TEST) ** 2)) < 0.01


def test_least_squares_on_the_right_model_has_no_bias_and_the_variance_of_theory():
    x = np.linspace(-1, 1, 20)
    rng = np.random.default_rng(0)
    parts = bias_variance(polynomial(3), lambda x: x**3 - x, [x] * 4000, x, noise=0.5, rng=rng)
    # At the training inputs the mean variance is σ² p / n, with p = 4 coefficients.
    assert abs(parts.variance / (0.5**2 * 4 / 20) - 1) < 0.1
    assert parts.bias_squared < 3 * parts.variance / 4000


def test_a_model_that_ignores_its_data_has_no_variance():
    rng = np.random.default_rng(0)
    parts = bias_variance(zero, wave, fresh_inputs(rng, 5), X_TEST, noise=0.1, rng=rng)
    assert parts.variance == 0
    assert parts.bias_squared == np.mean(wave(X_TEST) ** 2)
    assert parts.noise == pytest.approx(0.01)


def test_the_noise_in_the_targets_has_the_size_that_was_asked_for():
    residuals = []

    def fit_predict(x_train, y_train, x_test, rng):
        residuals.append(y_train - wave(x_train))
        return np.zeros(len(x_test))

    rng = np.random.default_rng(0)
    bias_variance(fit_predict, wave, fresh_inputs(rng), X_TEST, noise=0.3, rng=rng)
    assert abs(np.std(residuals) - 0.3) < 0.01
    assert abs(np.mean(residuals)) < 0.02


def test_bad_arguments_are_named():
    rng = np.random.default_rng(0)
    inputs = fresh_inputs(rng, 3)
    with pytest.raises(ValueError, match="noise of at least 0, got -1"):
        bias_variance(zero, wave, inputs, X_TEST, noise=-1, rng=rng)
    with pytest.raises(TypeError, match="noise to be a number"):
        bias_variance(zero, wave, inputs, X_TEST, noise="1", rng=rng)
    with pytest.raises(ValueError, match="at least 2 training_inputs, got 1"):
        bias_variance(zero, wave, inputs[:1], X_TEST, noise=1, rng=rng)
    with pytest.raises(ValueError, match=r"predictions of shape \(40,\), got \(15,\)"):
        bias_variance(lambda x, y, x_test, rng: y, wave, inputs, X_TEST, noise=1, rng=rng)
    with pytest.raises(ValueError, match="finite predictions"):
        bias_variance(
            lambda x, y, x_test, rng: x_test * np.nan, wave, inputs, X_TEST, noise=1, rng=rng
        )
    with pytest.raises(TypeError, match="bias_variance expected rng"):
        bias_variance(zero, wave, inputs, X_TEST, noise=1, rng=None)
