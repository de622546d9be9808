import numpy as np
import pytest

from course_lib import Dense, Parameter, constant, count_parameters, glorot, he, lecun, zeros


def test_a_parameter_copies_its_value_and_starts_without_gradient():
    value = np.ones((2, 3))
    parameter = Parameter(value)
    parameter.value += 1
    np.testing.assert_array_equal(value, 1)
    np.testing.assert_array_equal(parameter.grad, np.zeros((2, 3)))


@pytest.mark.parametrize(
    ("given_dtype", "kept"),
    [(np.float32, np.float32), (np.float64, np.float64), (np.float16, np.float64), (int, float)],
)
def test_a_parameter_is_float32_only_if_it_was_given_float32(given_dtype, kept):
    parameter = Parameter(np.ones(3, given_dtype))
    assert parameter.value.dtype == parameter.grad.dtype == kept


def test_zero_grad_clears_in_place_so_that_references_to_the_gradient_stay_good():
    parameter = Parameter([1.0, 2.0])
    grad = parameter.grad
    grad += 3
    parameter.zero_grad()
    assert parameter.grad is grad
    np.testing.assert_array_equal(grad, 0)


def test_a_parameter_refuses_what_holds_no_finite_numbers():
    for wrong in ("a", [1j], [None], [[1.0], [1.0, 2.0]]):
        with pytest.raises(TypeError, match="Parameter expected value"):
            Parameter(wrong)
    for wrong in ([np.nan], [np.inf], []):
        with pytest.raises(ValueError, match="Parameter expected"):
            Parameter(wrong)


def test_parameters_are_counted_number_by_number():
    layer = Dense(64, 10, rng=np.random.default_rng(0))
    assert count_parameters(layer.parameters()) == 64 * 10 + 10
    assert count_parameters([]) == 0


@pytest.mark.parametrize(
    ("initializer", "std"),
    [(he, np.sqrt(2 / 200)), (glorot, np.sqrt(2 / 500)), (lecun, np.sqrt(1 / 200))],
)
def test_random_initial_weights_have_mean_0_and_the_spread_that_is_promised(initializer, std):
    W = initializer((200, 300), 200, 300, np.random.default_rng(0))
    # 60,000 draws: the mean's standard error is std / 245, that of the spread std / 346.
    assert abs(W.mean()) < 5 * std / 245
    assert abs(W.std() - std) < 5 * std / 346


@pytest.mark.parametrize("initializer", [he, glorot, lecun])
def test_random_initial_weights_need_a_generator_and_a_fan_of_at_least_one(initializer):
    with pytest.raises(TypeError, match="rng"):
        initializer((2, 2), 2, 2, None)
    with pytest.raises(TypeError, match="rng"):
        initializer((2, 2), 2, 2, np.random)
    with pytest.raises(ValueError, match="fan_in"):
        initializer((2, 2), 0, 0, np.random.default_rng(0))


def test_he_keeps_the_size_of_a_signal_through_many_relu_layers():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 256))
    for _ in range(10):
        x = np.maximum(x @ he((256, 256), 256, 256, rng), 0)
    assert 0.5 < (x**2).mean() < 2.0


def test_zeros_and_constant_draw_nothing():
    rng, untouched = np.random.default_rng(0), np.random.default_rng(0)
    np.testing.assert_array_equal(zeros((2, 3), 2, 3, rng), np.zeros((2, 3)))
    np.testing.assert_array_equal(constant(0.5)((2, 3), 2, 3, rng), np.full((2, 3), 0.5))
    assert rng.random() == untouched.random()


def test_a_constant_must_be_a_finite_number():
    for wrong in (np.nan, np.inf):
        with pytest.raises(ValueError, match="value"):
            constant(wrong)
    with pytest.raises(TypeError, match="value"):
        constant("a")
