"""The demos of the chapter on supervised learning draw what they say, always at one size."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import confusion_matrix
from course_lib.demos import supervised_learning, threshold


def numbers(text):
    return [float(n) for n in re.findall(r"-?\d+\.?\d*", text.rstrip("."))]


@pytest.mark.parametrize("label", [0, 1])
def test_two_losses_are_drawn_where_the_prediction_is(label):
    sizes = set()
    for z in (-8.0, 0.0, 8.0):
        figure = supervised_learning.draw_two_losses(z, label)
        sizes.add(tuple(figure.get_size_inches()))
        for i, ax in enumerate(figure.axes):
            points = [line for line in ax.lines if len(line.get_xdata()) == 1]
            assert [float(line.get_xdata()[0]) for line in points] == [z, z]
            expected = [
                supervised_learning.squared_error([z], label)[i][0],
                supervised_learning.cross_entropy([z], label)[i][0],
            ]
            assert [float(line.get_ydata()[0]) for line in points] == expected
    assert len(sizes) == 1


@given(st.floats(-8, 8), st.integers(0, 1))
def test_the_description_of_two_losses_gives_their_numbers(z, label):
    said = numbers(supervised_learning.describe_two_losses(z, label))
    square, cross = (
        [float(part[0]) for part in loss([z], label)]
        for loss in (supervised_learning.squared_error, supervised_learning.cross_entropy)
    )
    # The surprise is that of the probability which the text names.
    assert said[0] == label
    assert said[1] == pytest.approx(np.exp(-cross[0]), abs=1e-4)
    assert said[2:] == pytest.approx([*square, *cross], abs=6e-4)


def test_a_nearest_neighbour_knows_what_it_was_shown_whatever_the_labels():
    rng = np.random.default_rng(0)
    known, labels = rng.normal(size=(40, 3)), rng.integers(0, 5, 40)
    answers = supervised_learning.nearest_labels(known, labels, known)
    np.testing.assert_array_equal(answers, labels)


def test_a_nearest_neighbour_is_nearest_by_plain_distance():
    rng = np.random.default_rng(1)
    known, x = rng.normal(size=(30, 4)), rng.normal(size=(20, 4))
    distance = np.linalg.norm(x[:, None] - known, axis=2)
    answers = supervised_learning.nearest_labels(known, np.arange(30), x)
    np.testing.assert_array_equal(answers, distance.argmin(axis=1))


def test_thresholds_are_drawn_at_one_size_and_described_by_their_counts():
    p, is_eight = threshold.eights()
    sizes = set()
    for value in (threshold.THRESHOLDS[0], 0.5, threshold.THRESHOLDS[-1]):
        figure = threshold.draw_threshold(value)
        sizes.add(tuple(figure.get_size_inches()))
        (_, false_alarms), (missed, found) = confusion_matrix(
            (p > value).astype(int), is_eight, 2
        ).tolist()
        text = threshold.describe_threshold(value)
        assert f"{found} of {found + missed} eights are found" in text
        assert f"{false_alarms} other digits are called eights" in text
    assert len(sizes) == 1


def test_precision_is_defined_at_every_threshold_of_the_demo():
    p, _ = threshold.eights()
    assert p.max() > max(threshold.THRESHOLDS)
