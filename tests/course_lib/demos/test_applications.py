import re

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from course_lib.datasets import Car, drive, expert, load_driving, winding_track
from course_lib.demos import applications as demos
from course_lib.demos import driving_school as driving

LAST = driving.EPOCHS[-1]
CHOICES = [("two laps", 0, "as learned"), ("two laps", LAST, "the other way round")]
CHOICES += [(driving.METHODS[2], LAST, name) for name in driving.ROADS]


@pytest.fixture(scope="module")
def track():
    return winding_track()


@pytest.mark.parametrize(("method", "epochs", "road_name"), CHOICES)
def test_every_frame_has_one_size_and_a_true_description(method, epochs, road_name):
    figure = demos.draw_drive(method, epochs, road_name)
    FigureCanvasAgg(figure).draw()
    assert tuple(figure.get_size_inches()) == (7.6, 4.2)
    text = demos.describe_drive(method, epochs, road_name)
    assert method in text
    assert road_name in text
    look = driving.school(method)[driving.EPOCHS.index(epochs)]
    states, far = demos.replay(method, epochs, road_name)
    on_road = driving.road(road_name).contains(states)
    if "stays on the road" in text:
        assert on_road.all()
        assert len(states) == far == driving.STEPS
    else:
        assert int(re.search(r"leaves the road after (\d+) m", text)[1]) == on_road.argmin()
    lap = driving.exam_lap()
    errors = np.abs([driving.steer(look.model, x[None])[0] for x in lap.readings] - lap.steering)
    assert float(re.search(r"off by ([\d.]+) in", text)[1]) == pytest.approx(
        errors.mean(), abs=6e-4
    )


def test_a_fleet_drives_as_each_of_its_cars_does_alone(track):
    model = driving.school("two laps")[-1].model
    starts = np.array([driving.beside(track, place, 1.0) for place in (0, 71, 200)])
    states, metres = driving.let_drive(model, track, starts)
    for i, start in enumerate(starts):
        record = drive(
            lambda readings, _: driving.steer(model, readings[None])[0],
            track,
            steps=len(states),
            start=start,
        )
        np.testing.assert_allclose(states[:, i], record.states, atol=1e-4)
        assert metres[i] == (record.on_track.argmin() if not record.on_track.all() else len(states))


def test_a_drive_without_a_mistake_lasts_for_all_its_steps(track):
    class Straight:
        def forward(self, x):
            return np.zeros((len(x), 1))

    states, metres = driving.let_drive(Straight(), track, track.pose([0.0]), 5)
    assert len(states) == metres[0] == 5
    states, metres = driving.let_drive(Straight(), track, track.pose([0.0]), 200)
    assert not track.contains(states[metres[0], 0])
    assert track.contains(states[: metres[0], 0]).all()
    assert len(states) == metres[0] + driving.BEYOND


def test_a_start_beside_the_middle_looks_along_the_road(track):
    for place in (0.0, 33.3, 250.0):
        left = driving.beside(track, place, 1.5)
        middle = track.pose(place)
        assert left[2] == middle[2]
        assert np.hypot(*(left - middle)[:2]) == pytest.approx(1.5)
        ahead = np.array([np.cos(middle[2]), np.sin(middle[2])])
        gap = (left - middle)[:2]
        assert gap @ ahead == pytest.approx(0)
        assert ahead[0] * gap[1] - ahead[1] * gap[0] > 0  # to the left


def test_the_expert_gives_the_answers_and_the_method_chooses_the_states(track):
    model = driving.school("two laps")[-1].model
    starts = track.pose(np.array([10.0, 100.0]))
    assert len(driving.gather(driving.METHODS[0], model, track, starts)[0]) == 0
    by_expert, advice = driving.gather(driving.METHODS[1], model, track, starts)
    assert len(by_expert) == len(advice) == 2 * driving.METRES
    lap = drive(lambda _, state: expert(track, state), track, steps=driving.METRES, start=starts[1])
    np.testing.assert_allclose(advice[driving.METRES :], lap.steering)
    readings, advice = driving.gather(driving.METHODS[2], model, track, starts)
    states, metres = driving.let_drive(model, track, starts, driving.METRES)
    first = states[: min(metres[0] + driving.BEYOND, driving.METRES), 0]
    np.testing.assert_allclose(advice[: len(first)], expert(track, first))
    assert readings.shape == (len(advice), Car().rays)


def test_the_exam_lap_is_the_experts_and_in_no_training_set():
    lap, (x, _) = driving.exam_lap(), load_driving()
    assert lap.on_track.all()
    nearest = np.abs(lap.readings[:, None] - x).max(axis=2).min(axis=1)
    assert nearest.min() > 1e-6


def test_the_other_way_round_is_the_same_road_with_its_sides_changed(track):
    other = driving.road(driving.ROADS[1])
    assert other.half_width == track.half_width
    np.testing.assert_allclose(other.left[::-1], track.right, atol=1e-9)
    assert driving.road(driving.ROADS[0]) is track


def test_what_the_chapter_says_about_the_drivers_is_so():
    """The errors do not tell them apart; the drives do."""
    for method, stays in ((driving.METHODS[0], False), (driving.METHODS[2], True)):
        model = driving.school(method)[-1].model
        assert driving.steering_error(model) < 0.04
        for name in driving.ROADS:
            assert (demos.replay(method, LAST, name)[1] == driving.STEPS) is stays
    assert driving.school(driving.METHODS[1])[-1].examples == 568 + 3 * 4 * driving.METRES
