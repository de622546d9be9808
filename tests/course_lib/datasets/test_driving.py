import numpy as np
import pytest

from course_lib.datasets import Car, drive, expert, load_driving, sense, winding_track

TRACK = winding_track()


def expert_policy(readings, state):
    return expert(TRACK, state)


def test_the_expert_stays_on_the_track_for_three_laps():
    record = drive(expert_policy, TRACK, steps=3 * 285)
    assert record.on_track.all()
    assert 2.95 < record.laps < 3.1
    assert TRACK.locate(record.states)[1].max() < 1  # "within 1 m of the centre line"


@pytest.mark.parametrize("offset", [-1.8, 1.8])
@pytest.mark.parametrize("turn", [-0.3, 0.3])
def test_the_expert_finds_back_to_the_middle(offset, turn):
    for progress in np.arange(0, 284, 35.0):
        x, y, heading = TRACK.pose(progress)
        start = [x - offset * np.sin(heading), y + offset * np.cos(heading), heading + turn]
        record = drive(expert_policy, TRACK, steps=40, start=start)
        assert record.on_track.all()
        assert TRACK.locate(record.states[-1])[1] < 1


def test_the_expert_turns_fully_when_the_way_is_behind():
    x, y, heading = TRACK.pose(50)
    assert np.abs(expert(TRACK, [x, y, heading + 3.0])) == 1


def test_the_expert_steers_towards_the_centre_line():
    x, y, heading = TRACK.pose(20)
    left = [x - 1.5 * np.sin(heading), y + 1.5 * np.cos(heading), heading]
    right = [x + 1.5 * np.sin(heading), y - 1.5 * np.cos(heading), heading]
    assert expert(TRACK, left) < expert(TRACK, [x, y, heading]) < expert(TRACK, right)


def test_the_expert_answers_for_many_states_as_for_one():
    states = drive(lambda readings, state: 0.2, TRACK, steps=30).states
    together = expert(TRACK, states)
    assert together.shape == (30,)
    assert np.allclose(together, [expert(TRACK, state) for state in states])
    assert np.abs(together).max() <= 1


def test_the_expert_of_a_wider_turning_car_steers_more():
    state = TRACK.pose(20)
    assert np.isclose(
        expert(TRACK, state, car=Car(radius=6)), 1.2 * expert(TRACK, state, car=Car(radius=5))
    )


def test_a_record_tells_what_was_sensed_answered_and_reached():
    answers = np.linspace(-2, 2, 25)
    seen = []

    def policy(readings, state):
        seen.append((readings, state))
        return answers[len(seen) - 1]

    car, rng = Car(noise=0.1, rays=5), np.random.default_rng(3)
    record = drive(policy, TRACK, steps=25, start=TRACK.pose(7), car=car, rng=rng)
    assert np.array_equal(record.states[0], TRACK.pose(7))
    assert np.array_equal(record.states[1:], car.move(record.states[:-1], record.steering[:-1]))
    assert np.array_equal(record.steering, np.clip(answers, -1, 1))
    assert np.array_equal(record.on_track, TRACK.contains(record.states))
    assert record.readings.shape == (25, 5)
    for t, (readings, state) in enumerate(seen):
        assert np.array_equal(readings, record.readings[t])
        assert np.array_equal(state, record.states[t])
    again = np.random.default_rng(3)
    assert np.allclose(
        record.readings, [sense(TRACK, s, car=car, rng=again) for s in record.states]
    )


def test_a_policy_that_scribbles_on_its_inputs_does_not_change_the_record():
    def policy(readings, state):
        readings[:], state[:] = -1, 0
        return 0.0

    record = drive(policy, TRACK, steps=5)
    assert record.readings.min() > 0
    assert np.array_equal(record.states[0], TRACK.pose(0))


def test_a_car_that_goes_straight_leaves_the_track_and_gains_no_more_laps():
    record = drive(lambda readings, state: 0.0, TRACK, steps=200)
    assert record.on_track[0]
    assert not record.on_track[-1]
    assert 0 < record.laps < 0.2


def test_driving_backwards_counts_negative_laps():
    start = TRACK.pose(0) + np.array([0, 0, np.pi])

    def policy(readings, state):  # the expert's twin that looks the other way
        goal = TRACK.pose(TRACK.locate(state)[0] - 8)
        angle = np.arctan2(goal[1] - state[1], goal[0] - state[0]) - state[2]
        return 5 * 2 * np.sin(angle) / 8

    record = drive(policy, TRACK, steps=290, start=start)
    assert record.on_track.all()
    assert -1.1 < record.laps < -0.95


def test_shipped_driving_is_what_the_expert_sees_and_does():
    x, y = load_driving()
    assert x.shape == (568, 7)
    assert y.shape == (568,)
    assert x.dtype == y.dtype == np.float64
    record = drive(expert_policy, TRACK, steps=568)
    assert np.allclose(x, record.readings, atol=0.002)
    assert np.allclose(y, record.steering, atol=0.0005)


def test_imitation_crashes_and_asking_the_expert_on_the_way_repairs_it():
    """The reason for DAgger, with the simplest learner: least squares on the readings.

    The fit of the expert's own data is good, but the policy's small errors lead to places that
    the data do not show. Labels for those places, and the same learner finishes both laps.
    """

    def with_one(readings):
        return np.column_stack([readings, np.ones(len(readings))])

    x, y = load_driving()
    laps = []
    for _ in range(4):
        W = np.linalg.lstsq(with_one(x), y, rcond=None)[0]
        if not laps:
            assert np.abs(with_one(x) @ W - y).mean() < 0.06
        record = drive(lambda readings, state, W=W: with_one(readings[None]) @ W, TRACK, steps=568)
        laps.append(record.laps)
        x = np.concatenate([x, record.readings[record.on_track]])
        y = np.concatenate([y, expert(TRACK, record.states[record.on_track])])
    assert laps[0] < 0.5
    assert laps[-1] > 1.9


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"steps": 0}, ValueError, "drive expected steps of at least 1"),
        ({"steps": 2.5}, TypeError, "drive expected steps to be a whole number"),
        ({"steps": 3, "start": [0.0, 0.0]}, ValueError, r"drive expected start of shape \(3,\)"),
        ({"steps": 3, "car": Car(noise=0.1)}, TypeError, "expected rng from"),
    ],
)
def test_an_impossible_drive_is_refused(options, error, message):
    with pytest.raises(error, match=message):
        drive(expert_policy, TRACK, **options)


@pytest.mark.parametrize("answer", [np.nan, [0.1, 0.2], "left", None])
def test_a_policy_must_answer_with_one_number(answer):
    with pytest.raises(ValueError, match="drive expected one finite number from policy"):
        drive(lambda readings, state: answer, TRACK, steps=3)


def test_the_expert_refuses_states_of_the_wrong_shape():
    with pytest.raises(ValueError, match="expert expected states"):
        expert(TRACK, [1.0, 2.0])


def test_driving_leaves_the_global_random_state_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    car = Car(noise=0.1)
    drive(expert_policy, TRACK, steps=3, car=car, rng=np.random.default_rng(0))
    assert np.array_equal(np.random.get_state()[1], before)  # noqa: NPY002
