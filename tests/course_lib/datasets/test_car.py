import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.datasets import Car, Track, sense, winding_track


def stadium(half_width=3.0):
    """Two straights of 100 m, 60 m apart, joined by half circles; the lower one leads right."""
    along = np.arange(-50.0, 50.0, 2.0)
    angle = np.linspace(-np.pi / 2, np.pi / 2, 48, endpoint=False)
    low = np.column_stack([along, np.full_like(along, -30)])
    bend = np.column_stack([50 + 30 * np.cos(angle), 30 * np.sin(angle)])
    return Track(np.concatenate([low, bend, -low, -bend]), half_width)


@settings(deadline=None)
@given(x=st.floats(-10, 10), y=st.floats(-2.5, 2.5), heading=st.floats(-1.4, 1.4))
def test_sensors_measure_a_straight_corridor_exactly(x, y, heading):
    car = Car(rays=9, reach=35)
    readings = sense(stadium(), [x, -30 + y, heading], car=car)
    angle = heading + np.linspace(np.pi / 2, -np.pi / 2, 9)
    with np.errstate(divide="ignore", over="ignore"):
        expected = np.where(np.sin(angle) > 0, 3 - y, 3 + y) / np.abs(np.sin(angle))
    # what meets a wall before the straights end
    near = expected * np.abs(np.cos(angle)) + abs(x) < 46
    near &= expected < 35
    assert near.sum() >= 4
    assert np.allclose(readings[near], expected[near])


def test_the_first_reading_is_the_left_one():
    readings = sense(stadium(), [0.0, -29.0, 0.0], car=Car(rays=3))
    assert np.allclose(readings, [2, 20, 4])


def test_readings_stop_at_the_reach():
    readings = sense(stadium(), [0.0, -30.0, 0.0], car=Car(rays=5, reach=3.5))
    assert np.allclose(readings, [3, 3.5, 3.5, 3.5, 3])


def test_no_ray_slips_through_the_walls():
    """On the track, with unlimited reach, every ray ends within the track's own diameter."""
    track = winding_track()
    states = track.pose(np.linspace(0, track.length, 60))
    readings = sense(track, states, car=Car(rays=91, reach=1e6))
    assert readings.shape == (60, 91)
    assert readings.max() < 60


def test_many_states_are_sensed_as_one_by_one():
    track = winding_track()
    states = track.pose(np.arange(6.0).reshape(2, 3)) + np.array([0.5, -0.3, 0.2])
    together = sense(track, states)
    assert together.shape == (2, 3, 7)
    for index in np.ndindex(2, 3):
        assert np.allclose(together[index], sense(track, states[index]))


def test_noise_has_the_given_spread_and_follows_the_seed():
    track, car = stadium(half_width=8), Car(noise=0.2, rays=2)
    states = np.tile([0.0, -30.0, 0.0], (3000, 1))
    first, again, other = (
        sense(track, states, car=car, rng=np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.allclose(first.mean(axis=0), 8, atol=0.02)
    assert np.allclose(first.std(axis=0), 0.2, atol=0.01)


def test_noisy_readings_stay_within_their_range():
    car = Car(noise=5.0, reach=4)
    readings = sense(stadium(), np.tile([0.0, -30.0, 0.0], (500, 1)), car=car, rng=_rng())
    assert readings.min() == 0
    assert readings.max() == 4


def test_noise_needs_a_generator():
    with pytest.raises(TypeError, match="sense expected rng from"):
        sense(stadium(), [0.0, -30.0, 0.0], car=Car(noise=0.1))


@pytest.mark.parametrize("states", [[0.0, 0.0], [[1.0], [2.0]], 0.0])
def test_states_of_the_wrong_shape_are_refused(states):
    with pytest.raises(ValueError, match="sense expected states"):
        sense(stadium(), states)
    with pytest.raises(ValueError, match=r"Car\.move expected states"):
        Car().move(states, 0.0)


@settings(deadline=None)
@given(heading=st.floats(-3, 3), steps=st.integers(1, 30))
def test_a_car_that_does_not_steer_drives_straight_on(heading, steps):
    car, state = Car(distance=0.7), np.array([1.0, 2.0, heading])
    for _ in range(steps):
        state = car.move(state, 0.0)
    run = 0.7 * steps
    assert np.allclose(
        state, [1 + run * np.cos(heading), 2 + run * np.sin(heading), heading], atol=1e-9
    )


@pytest.mark.parametrize("side", [-1, 1])
def test_full_steering_drives_the_tightest_circle(side):
    car, state, path = Car(distance=0.1, radius=5), np.zeros(3), []
    for _ in range(200):
        state = car.move(state, side)
        path.append(state)
    middle = [0, side * 5]
    assert np.allclose(np.hypot(*(np.array(path)[:, :2] - middle).T), 5, atol=0.01)
    assert np.isclose(state[2], side * 200 * 0.1 / 5)


def test_steering_is_clipped_and_states_are_not_changed():
    car, state = Car(), np.array([1.0, 2.0, 0.5])
    assert np.array_equal(car.move(state, 7.0), car.move(state, 1.0))
    assert np.array_equal(state, [1.0, 2.0, 0.5])


def test_many_cars_move_at_once():
    states = _rng().normal(size=(4, 3))
    steering = np.array([-1, -0.2, 0.3, 1])
    together = Car().move(states, steering)
    for i in range(4):
        assert np.allclose(together[i], Car().move(states[i], steering[i]))
    with pytest.raises(ValueError, match=r"steering of shape \(4,\), got \(3,\)"):
        Car().move(states, steering[:3])


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"distance": 0.0}, ValueError, "Car expected distance above 0"),
        ({"radius": -1.0}, ValueError, "Car expected radius above 0"),
        ({"rays": 1}, ValueError, "Car expected rays of at least 2"),
        ({"rays": 7.0}, TypeError, "Car expected rays to be a whole number"),
        ({"reach": np.inf}, ValueError, "Car expected reach above 0"),
        ({"noise": -0.1}, ValueError, "Car expected noise of at least 0"),
    ],
)
def test_an_impossible_car_is_refused(options, error, message):
    with pytest.raises(error, match=message):
        Car(**options)


def _rng():
    return np.random.default_rng(0)
