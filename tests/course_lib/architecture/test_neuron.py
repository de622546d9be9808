import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from course_lib import Perceptron, SigmoidNeuron, check_gradients

seeds = st.integers(0, 2**32 - 1)
CORNERS = [[0, 0], [0, 1], [1, 0], [1, 1]]


def test_a_perceptron_fires_above_zero_and_not_at_zero():
    neuron = Perceptron(2)
    neuron.W[:] = [1.0, 1.0]
    neuron.b = -1.0
    np.testing.assert_array_equal(neuron.score(CORNERS), [-1.0, 0.0, 0.0, 1.0])
    answers = neuron.forward(CORNERS)
    np.testing.assert_array_equal(answers, [0, 0, 0, 1])
    assert answers.dtype == np.int64


def test_an_update_follows_the_rule_and_a_right_answer_changes_nothing():
    neuron = Perceptron(2, lr=0.5)
    assert neuron.update([1.0, 2.0], 0) == 0
    np.testing.assert_array_equal(neuron.W, [0.0, 0.0])
    assert neuron.update([1.0, 2.0], 1) == 1
    np.testing.assert_array_equal(neuron.W, [0.5, 1.0])
    assert neuron.b == 0.5
    assert neuron.update([2.0, 0.0], 0) == -1
    np.testing.assert_array_equal(neuron.W, [-0.5, 1.0])
    assert neuron.b == 0.0


def test_the_learning_rate_only_scales_a_perceptron_that_starts_at_zero():
    rng = np.random.default_rng(0)
    x, targets = rng.normal(size=(50, 3)), rng.integers(0, 2, 50)
    # Powers of two scale without rounding, so that the two are equal to the last bit.
    one, four = Perceptron(3, lr=1.0), Perceptron(3, lr=4.0)
    assert one.fit(x, targets, epochs=7) == four.fit(x, targets, epochs=7)
    np.testing.assert_array_equal(4 * one.W, four.W)
    assert 4 * one.b == four.b


@pytest.mark.parametrize("targets", [[0, 0, 0, 1], [0, 1, 1, 1], [1, 1, 1, 0], [0, 0, 1, 0]])
def test_a_perceptron_learns_every_separable_function_of_two_bits(targets):
    neuron = Perceptron(2)
    assert neuron.fit(CORNERS, targets, epochs=20)[-1] == 0
    np.testing.assert_array_equal(neuron.forward(CORNERS), targets)


def test_a_perceptron_never_learns_xor_and_uses_all_epochs():
    mistakes = Perceptron(2).fit(CORNERS, [0, 1, 1, 0], epochs=50)
    assert len(mistakes) == 50
    assert min(mistakes) > 0


@given(n=st.integers(2, 40), inputs=st.integers(1, 5), shuffled=st.booleans(), seed=seeds)
def test_mistakes_stay_within_novikoffs_bound(n, inputs, shuffled, seed):
    # Novikoff (1962): on data that a line separates with margin γ, within radius R, a perceptron
    # makes at most (R / γ)² mistakes, in whatever order and however often it sees them. The bias
    # counts as the weight of an input that is always 1.
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, inputs))
    with_one = np.column_stack([x, np.ones(n)])
    direction = rng.normal(size=inputs + 1)
    direction /= np.linalg.norm(direction)
    distances = with_one @ direction
    margin, radius = np.abs(distances).min(), np.linalg.norm(with_one, axis=1).max()
    assume(margin > 0.02)
    targets = (distances > 0).astype(int)
    bound = (radius / margin) ** 2
    neuron = Perceptron(inputs)
    order = np.random.default_rng(seed) if shuffled else None
    mistakes = neuron.fit(x, targets, epochs=int(bound) + 1, rng=order)
    assert sum(mistakes) <= bound
    assert mistakes[-1] == 0
    np.testing.assert_array_equal(neuron.forward(x), targets)


def test_fit_in_random_order_repeats_for_the_same_seed():
    rng = np.random.default_rng(0)
    x, targets = rng.normal(size=(30, 2)), rng.integers(0, 2, 30)
    first, second = (
        Perceptron(2).fit(x, targets, epochs=5, rng=np.random.default_rng(1)) for _ in range(2)
    )
    assert first == second != Perceptron(2).fit(x, targets, epochs=5)


def test_fit_leaves_the_data_as_they_were():
    x, targets = np.array(CORNERS, float), np.array([0, 0, 0, 1])
    Perceptron(2).fit(x, targets, epochs=5)
    np.testing.assert_array_equal(x, CORNERS)
    np.testing.assert_array_equal(targets, [0, 0, 0, 1])


def test_labels_other_than_the_integers_0_and_1_are_refused():
    neuron = Perceptron(2)
    for wrong in ([0, 0, 0, 2], [-1, 1, 1, 1]):
        with pytest.raises(ValueError, match="targets between 0 and 1"):
            neuron.fit(CORNERS, wrong, epochs=1)
    for wrong in ([0.0, 1.0, 1.0, 1.0], ["0", "1", "1", "1"], [0, 1, 1, None]):
        with pytest.raises(TypeError, match="integer labels"):
            neuron.fit(CORNERS, wrong, epochs=1)
    for wrong in ([0, 1], [[0], [0], [0], [1]], 1):
        with pytest.raises(ValueError, match=r"targets of shape \(4,\)"):
            neuron.fit(CORNERS, wrong, epochs=1)
    with pytest.raises(TypeError, match="targets"):
        neuron.fit(CORNERS, [[0], [0, 1]], epochs=1)
    for wrong, error in ((2, ValueError), (-1, ValueError), (0.5, TypeError), (None, TypeError)):
        with pytest.raises(error, match="target"):
            neuron.update([1.0, 2.0], wrong)
    assert not neuron.W.any()


def test_inputs_that_do_not_fit_a_perceptron_are_refused():
    neuron = Perceptron(2)
    for call in (neuron.score, neuron.forward, lambda x: neuron.fit(x, [0, 1], epochs=1)):
        for wrong in (np.ones((2, 3)), np.ones(2), [[1.0, np.nan], [1.0, 1.0]], np.ones((0, 2))):
            with pytest.raises(ValueError, match="expected"):
                call(wrong)
        for wrong in ([["a", "b"]], [[1j, 1.0]], [[1.0], [1.0, 2.0]]):
            with pytest.raises(TypeError, match="expected x"):
                call(wrong)
    with pytest.raises(ValueError, match=r"x of shape \(2,\)"):
        neuron.update([[1.0, 2.0]], 1)


def test_a_perceptrons_numbers_are_checked():
    for wrong in (0.0, -1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match="lr"):
            Perceptron(2, lr=wrong)
    for wrong in ("a", None, True):
        with pytest.raises(TypeError, match="lr"):
            Perceptron(2, lr=wrong)
    with pytest.raises(ValueError, match="inputs"):
        Perceptron(0)
    with pytest.raises(ValueError, match="epochs"):
        Perceptron(2).fit(CORNERS, [0, 0, 0, 1], epochs=0)
    with pytest.raises(TypeError, match="rng"):
        Perceptron(2).fit(CORNERS, [0, 0, 0, 1], epochs=1, rng=0)


@given(n=st.integers(1, 6), inputs=st.integers(1, 5), seed=seeds)
def test_a_sigmoid_neurons_gradients_are_its_numerical_gradients(n, inputs, seed):
    rng = np.random.default_rng(seed)
    errors = check_gradients(SigmoidNeuron(inputs, rng=rng), rng.normal(size=(n, inputs)), rng=rng)
    assert max(errors.values()) < 1e-6


def test_a_sigmoid_neuron_refuses_bad_input_and_backward_first():
    neuron = SigmoidNeuron(2, rng=np.random.default_rng(0))
    with pytest.raises(RuntimeError, match="forward pass first"):
        neuron.backward(np.ones(4))
    with pytest.raises(ValueError, match=r"x of shape \(N, 2\)"):
        neuron.forward(np.ones((4, 3)))
    with pytest.raises(TypeError, match="expected x"):
        neuron.forward([["a", "b"]])
    neuron.forward(np.ones((4, 2)))
    for shape in ((4, 1), (1,), (5,)):
        with pytest.raises(ValueError, match=r"dy of shape \(4,\)"):
            neuron.backward(np.ones(shape))
    with pytest.raises(TypeError, match="rng"):
        SigmoidNeuron(2, rng=None)
