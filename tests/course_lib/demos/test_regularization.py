import re

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from numpy.testing import assert_allclose, assert_array_equal

from course_lib.challenges import L1, L2, Dropout, add_noise
from course_lib.demos import regularization as demos
from course_lib.training import Adam, SoftmaxCrossEntropy, evaluate, train

CHOICES = [(0.0, 0.0, 0.0), (0.03, 0.0, 0.0), (0.0, 0.008, 0.5)]


def values(model):
    return [parameter.value for parameter in model.parameters()]


def test_without_a_brake_fitting_is_the_library_s_training() -> None:
    x, y, *_ = demos.clerks_digits()
    rng = np.random.default_rng(0)
    model = demos.network(0.0, rng)
    optimizer = Adam(model.parameters(), lr=5e-3)
    x32 = x.astype(np.float32)
    for _ in train(
        model, SoftmaxCrossEntropy(), optimizer, x32, y, epochs=3, batch_size=50, rng=rng
    ):
        pass
    for ours, theirs in zip(values(demos.fit(x, y, epochs=3)), values(model), strict=True):
        assert_allclose(ours, theirs, atol=1e-6)


@pytest.mark.parametrize(
    "brake",
    [
        {"penalties": [L2(0.01)]},
        {"penalties": [L1(0.01)]},
        {"rate": 0.5},
        {"augment": lambda x, rng: add_noise(x, 0.3, rng=rng)},
    ],
)
def test_each_brake_changes_what_is_learned(brake) -> None:
    x, y, *_ = demos.clerks_digits()
    plain, held = demos.fit(x, y, epochs=2), demos.fit(x, y, epochs=2, **brake)
    assert not np.allclose(values(plain)[0], values(held)[0], atol=1e-4)


def test_the_clerk_got_fifty_of_two_hundred_wrong_and_nobody_can_mend_the_cached_data() -> None:
    x, y, y_right, x_unseen, y_unseen = demos.clerks_digits()
    assert (len(x), len(x_unseen), (y != y_right).sum()) == (200, 1597, 50)
    assert len(y_unseen) == 1597
    with pytest.raises(ValueError, match="read-only"):
        y[0] = 3


def test_the_plane_passes_through_the_slip_and_two_pictures_with_right_labels() -> None:
    x, y, y_right, *_ = demos.clerks_digits()
    origin, directions, points, rows = demos._plane()
    assert_allclose(directions @ directions.T, np.eye(2), atol=1e-12)
    assert_allclose(origin + points @ directions, x[rows], atol=1e-12)
    assert list(y[rows] == y_right[rows]) == [False, True, True]
    assert_array_equal(y_right[rows], [y_right[rows[0]], y_right[rows[0]], y[rows[0]]])


def test_every_frame_has_the_same_size() -> None:
    sizes = set()
    for choice in CHOICES:
        figure = demos.draw_strengths(*choice)
        FigureCanvasAgg(figure).draw()
        sizes.add(tuple(figure.get_size_inches()))
    assert len(sizes) == 1


@pytest.mark.parametrize(("l2", "l1", "rate"), CHOICES)
def test_the_description_agrees_with_the_network(l2: float, l1: float, rate: float) -> None:
    x, y, y_right, x_unseen, y_unseen = demos.clerks_digits()
    penalties = [*([L2(l2)] if l2 else []), *([L1(l1)] if l1 else [])]
    model = demos.fit(x, y, penalties=penalties, rate=rate)
    assert isinstance(model.layers[2], Dropout)
    text = demos.describe_strengths(l2, l1, rate).replace("L2", "").replace("L1", "")
    numbers = [float(number) for number in re.findall(r"\d+(?:\.\d+)?", text)]
    assert_allclose(numbers[:3], [l2, l1, rate])
    answers = model.forward(x).argmax(axis=1)
    unseen = evaluate(model, SoftmaxCrossEntropy(), x_unseen, y_unseen)[1]
    assert_allclose(numbers[3:5], [100 * np.mean(answers == y), 100 * unseen], atol=0.51)
    slips = np.flatnonzero(y != y_right)
    first = slips[0]
    assert numbers[5:8] == [y_right[first], y[first], answers[first]]
    assert numbers[8:10] == [50, (answers[slips] == y_right[slips]).sum()]
    assert numbers[10] == pytest.approx(np.linalg.norm(values(model)[0]), abs=0.051)


def test_what_the_chapter_says_about_the_knobs_is_so() -> None:
    unseen = {
        choice: demos._trained(*choice)[2]
        for choice in [
            (0.0, 0.0, 0.0),
            (0.01, 0.0, 0.0),
            (0.0, 0.0, 0.8),
            (0.01, 0.0, 0.8),
            (0.03, 0.0, 0.0),
            (0.03, 0.0, 0.8),
            (0.1, 0.0, 0.0),
            (0.03, 0.008, 0.8),
        ]
    }
    nothing, weak, drop, both, best, best_and_drop, far, all_three = unseen.values()
    assert nothing < 0.75 < weak < both
    assert drop < both
    assert best_and_drop <= best
    assert best > 0.85
    assert 0.4 < far < 0.6
    assert all_three < 0.2
    x, y, y_right, *_ = demos.clerks_digits()
    slip = demos._plane()[3][0]
    assert demos._trained(0.0, 0.0, 0.0)[0].forward(x[slip : slip + 1]).argmax() == y[slip]
    assert demos._trained(0.03, 0.0, 0.0)[0].forward(x[slip : slip + 1]).argmax() == y_right[slip]
