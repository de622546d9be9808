import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.datasets import Track, winding_track


def ring(radius=20.0, points=400, half_width=3.0):
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    return Track(radius * np.column_stack([np.cos(angle), np.sin(angle)]), half_width)


def test_the_walls_of_a_ring_are_rings():
    track = ring(radius=20, half_width=3)
    assert np.allclose(np.hypot(*track.left.T), 17)  # driven counter-clockwise, left is inside
    assert np.allclose(np.hypot(*track.right.T), 23)
    assert np.isclose(track.length, 2 * np.pi * 20, rtol=1e-4)


@settings(deadline=None)
@given(angle=st.floats(0, 2 * np.pi), radius=st.floats(12, 28))
def test_locate_measures_progress_and_distance_on_a_ring(angle, radius):
    track = ring()
    state = [radius * np.cos(angle), radius * np.sin(angle), 0.0]
    progress, distance = track.locate(state)
    assert abs(distance - abs(radius - 20)) < 0.01
    lap = 2 * np.pi * 20
    assert abs((progress - 20 * angle + lap / 2) % lap - lap / 2) < 0.1
    assert 0 <= progress < track.length
    assert track.contains(state) == (distance <= 3)


@settings(deadline=None)
@given(progress=st.floats(-1000, 1000))
def test_pose_lies_on_the_centre_line_at_the_progress_asked_for(progress):
    track = winding_track()
    found, distance = track.locate(track.pose(progress))
    assert distance < 1e-6
    gap = (found - progress) % track.length
    assert min(gap, track.length - gap) < 1e-6


def test_pose_looks_along_the_centre_line():
    track = winding_track()
    progress = np.linspace(0, track.length, 50)
    here, ahead = track.pose(progress), track.pose(progress + 0.01)
    heading = np.arctan2(*(ahead - here)[:, 1::-1].T)
    # at a corner between two straight pieces the two may differ by that corner
    assert np.median(np.abs(np.sin(heading - here[:, 2]))) < 1e-6


def test_the_courses_track_has_the_documented_size_and_bends_both_ways():
    track = winding_track()
    assert abs(track.length - 284) < 0.5
    heading = np.unwrap(track.pose(np.arange(285.0))[:, 2])
    assert abs(heading[-1] - heading[0] - 2 * np.pi) < 0.2  # counter-clockwise, once around
    assert np.diff(heading).min() < -0.1
    assert np.diff(heading).max() > 0.05


def test_locate_and_contains_take_any_number_of_states():
    track = winding_track()
    states = track.pose(np.arange(12.0).reshape(3, 4))
    progress, distance = track.locate(states)
    assert progress.shape == distance.shape == (3, 4)
    assert np.allclose(progress.ravel(), np.arange(12.0))
    assert track.contains(states).all()


def test_a_track_keeps_its_own_copy_of_the_centre_line():
    centre = ring().centre.copy()
    track = Track(centre, 3)
    centre[:] = 0
    assert np.hypot(*track.centre.T).min() > 19


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"points": 7}, ValueError, "at least 8 points of centre, got 7"),
        ({"half_width": 0}, ValueError, "half_width above 0"),
        ({"half_width": "wide"}, TypeError, "half_width to be a number"),
        ({"half_width": 21}, ValueError, "half_width below the radius of the sharpest bend"),
        ({"radius": np.nan}, ValueError, "finite centre"),
    ],
)
def test_an_impossible_track_is_refused(change, error, message):
    with pytest.raises(error, match=message):
        ring(**change)


def test_nobody_can_change_the_track_that_all_share():
    assert winding_track() is winding_track()
    for name in ("centre", "left", "right", "wall_start", "wall_step"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(winding_track(), name)[:] = 0


def test_a_line_that_turns_right_back_is_refused():
    along = np.arange(6.0)
    there_and_back = np.column_stack([np.r_[along, along[-2:0:-1]], np.zeros(10)])
    with pytest.raises(ValueError, match="less than 90° at a point, got a sharper turn at point"):
        Track(there_and_back, 1)


def test_a_point_given_twice_is_refused():
    centre = ring(points=20).centre
    with pytest.raises(ValueError, match="distinct points of centre, got point 5 twice"):
        Track(np.insert(centre, 5, centre[5], axis=0), 3)
    with pytest.raises(ValueError, match="got point 20 twice"):  # a loop closed by hand
        Track(np.vstack([centre, centre[:1]]), 3)


@pytest.mark.parametrize("states", [[1.0, 2.0], 3.0, [[0.0, 0.0, 0.0, 0.0]]])
def test_states_of_the_wrong_shape_are_refused(states):
    with pytest.raises(ValueError, match=r"Track\.locate expected states .* of shape \(..., 3\)"):
        winding_track().locate(states)
