import numpy as np
import pytest

from course_lib.datasets import load_digits


def test_digits_have_the_documented_shapes_types_and_range():
    x, y = load_digits()
    assert x.shape == (1797, 64)
    assert x.dtype == np.float64
    assert y.shape == (1797,)
    assert y.dtype == np.int64
    assert x.min() == 0
    assert x.max() == 1
    assert np.array_equal(x * 16, np.round(x * 16))


def test_every_digit_occurs_about_equally_often():
    counts = np.bincount(load_digits()[1])
    assert len(counts) == 10
    assert (counts.min(), counts.max()) == (174, 183)


def test_digits_equal_the_set_that_scikit_learn_bundles():
    oracle = pytest.importorskip("sklearn.datasets").load_digits()
    x, y = load_digits()
    assert np.array_equal(x, oracle.data / 16)
    assert np.array_equal(y, oracle.target)


def test_changing_what_was_loaded_does_not_change_the_next_load():
    x, y = load_digits()
    x[:], y[:] = -1, -1
    again = load_digits()
    assert again[0].min() == 0
    assert again[1].min() == 0
