import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import accuracy, confusion_matrix, precision, recall

labels = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=40)


@given(labels)
def test_the_confusion_matrix_counts_each_pair_of_true_and_predicted_label(pairs):
    predicted, y = np.array(pairs).T
    confusion = confusion_matrix(predicted, y, classes=5)
    for true in range(5):
        for given_label in range(5):
            count = sum(p == given_label and t == true for p, t in pairs)
            assert confusion[true, given_label] == count
    assert accuracy(predicted, y) == pytest.approx(confusion.trace() / len(pairs))


def test_rows_are_true_classes_and_columns_are_predictions():
    np.testing.assert_array_equal(confusion_matrix([1, 1], [0, 0], classes=2), [[0, 2], [0, 0]])


def test_precision_looks_at_the_predicted_and_recall_at_the_actual_ones():
    # 4 ill among 10; the test finds 3 of them and alarms 2 of the healthy.
    y = [1, 1, 1, 1, 0, 0, 0, 0, 0, 0]
    predicted = [1, 1, 1, 0, 1, 1, 0, 0, 0, 0]
    assert precision(predicted, y, classes=2)[1] == 3 / 5
    assert recall(predicted, y, classes=2)[1] == 3 / 4


def test_a_class_never_predicted_or_never_there_has_no_value_and_no_warning():
    np.testing.assert_array_equal(precision([0, 0], [0, 1], classes=3), [0.5, np.nan, np.nan])
    np.testing.assert_array_equal(recall([0, 2], [0, 0], classes=3), [0.5, np.nan, np.nan])


@given(labels)
def test_precision_and_recall_change_places_with_predicted_and_true_labels(pairs):
    predicted, y = np.array(pairs).T
    np.testing.assert_array_equal(precision(predicted, y, 5), recall(y, predicted, 5))


def test_metrics_agree_with_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    predicted, y = rng.integers(0, 6, (2, 200))
    np.testing.assert_array_equal(
        confusion_matrix(predicted, y, classes=6), metrics.confusion_matrix(y, predicted)
    )
    assert accuracy(predicted, y) == metrics.accuracy_score(y, predicted)
    for ours, theirs in (
        (precision, metrics.precision_score),
        (recall, metrics.recall_score),
    ):
        np.testing.assert_allclose(ours(predicted, y, 6), theirs(y, predicted, average=None))


@pytest.mark.parametrize(
    "metric",
    [
        accuracy,
        lambda p, y: confusion_matrix(p, y, 3),
        lambda p, y: precision(p, y, 3),
        lambda p, y: recall(p, y, 3),
    ],
)
def test_metrics_refuse_what_are_no_labels(metric):
    for wrong in ([0.9, 0.1], ["a", "b"], [1j, 2j], [None, 1], [[0], [0, 1]]):
        with pytest.raises(TypeError, match="predicted"):
            metric(wrong, [0, 1])
        with pytest.raises(TypeError, match="expected y"):
            metric([0, 1], wrong)
    for wrong in ([0], [0, 1, 2], [[0, 1]], [[0], [1]], 1, [], [-1, 0]):
        with pytest.raises(ValueError, match="expected"):
            metric(wrong, [0, 1])
    with pytest.raises(ValueError, match="expected"):
        metric([], [])


def test_labels_beyond_the_number_of_classes_are_refused():
    for predicted, y in (([0, 3], [0, 1]), ([0, 1], [0, 3])):
        with pytest.raises(ValueError, match="between 0 and 2, got 3"):
            confusion_matrix(predicted, y, classes=3)
    with pytest.raises(ValueError, match="classes"):
        confusion_matrix([0], [0], classes=0)
