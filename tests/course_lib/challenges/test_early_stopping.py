import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.architecture import Dense, Layer, Sequential
from course_lib.challenges.early_stopping import EarlyStopping


def model():
    rng = np.random.default_rng(0)
    return Sequential(Dense(2, 3, rng=rng), Dense(3, 1, rng=rng))


@settings(deadline=None)
@given(st.lists(st.floats(-10, 10), min_size=1, max_size=30), st.integers(1, 5))
def test_training_stops_when_patience_epochs_brought_no_new_best(losses, patience):
    stopping = EarlyStopping(model(), patience=patience)
    for epoch, loss in enumerate(losses):
        stop = stopping.should_stop(loss)
        best = int(np.argmin(losses[: epoch + 1]))
        assert (stopping.best_epoch, stopping.best_loss) == (best, losses[best])
        assert stop == (epoch - best >= patience)


def test_the_best_parameters_come_back():
    network = model()
    stopping = EarlyStopping(network, patience=10)
    arrays = [parameter.value for parameter in network.parameters()]
    for epoch, loss in enumerate([3.0, 1.0, 2.0, 1.0]):
        for parameter in network.parameters():
            parameter.value += 1.0
        stopping.should_stop(loss)
        if epoch == 1:
            best = [array.copy() for array in arrays]
    stopping.restore()
    for parameter, array, expected in zip(network.parameters(), arrays, best, strict=True):
        assert parameter.value is array  # in place, so that an optimizer keeps hold of it
        np.testing.assert_array_equal(array, expected)


def test_restoring_twice_gives_the_best_again_after_more_training():
    network = model()
    stopping = EarlyStopping(network, patience=1)
    stopping.should_stop(1.0)
    best = network.parameters()[0].value.copy()
    for _ in range(2):
        network.parameters()[0].value += 1.0
        stopping.restore()
        np.testing.assert_array_equal(network.parameters()[0].value, best)


class WithBuffer(Layer):
    def __init__(self):
        self.mean = np.zeros(2)

    def forward(self, x, train=False):
        return x

    def backward(self, dy):
        return dy

    def buffers(self):
        return [self.mean]


def test_buffers_come_back_with_the_parameters():
    layer = WithBuffer()
    stopping = EarlyStopping(layer, patience=1)
    stopping.should_stop(1.0)
    layer.mean += 5
    stopping.restore()
    np.testing.assert_array_equal(layer.mean, 0)


def test_a_training_that_diverged_runs_out_of_patience():
    stopping = EarlyStopping(model(), patience=2)
    assert [stopping.should_stop(loss) for loss in (1.0, np.nan, np.inf)] == [False, False, True]
    assert stopping.best_epoch == 0
    hopeless = EarlyStopping(model(), patience=2)
    assert [hopeless.should_stop(np.nan) for _ in range(2)] == [False, True]
    with pytest.raises(RuntimeError, match=r"EarlyStopping\.restore needs a finite loss first"):
        hopeless.restore()


def test_bad_arguments_are_named():
    with pytest.raises(TypeError, match="EarlyStopping expected model as a Layer, got 5"):
        EarlyStopping(5, patience=1)
    with pytest.raises(ValueError, match="patience of at least 1, got 0"):
        EarlyStopping(model(), patience=0)
    with pytest.raises(TypeError, match="patience to be a whole number"):
        EarlyStopping(model(), patience=1.5)
    with pytest.raises(TypeError, match=r"EarlyStopping\.should_stop expected validation_loss"):
        EarlyStopping(model(), patience=1).should_stop(None)
