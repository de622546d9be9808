"""Learning to drive from an expert: what the expert does, and where a policy takes the car.

Equation of the expert (pure pursuit): ``steering = radius * 2 * sin(angle) / gap`` towards a point
ahead on the centre line.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_lib._checks import Array, check_array, check_count
from course_lib.datasets._shipped import read_arrays
from course_lib.datasets.car import Car, sense
from course_lib.datasets.track import Track, check_states

Policy = Callable[[Array, Array], ArrayLike]
"""``policy(readings, state)`` returns the steering; a network looks at the readings alone."""

LOOK_AHEAD = 8.0  # metres


def expert(
    track: Track,
    states: ArrayLike,
    *,
    car: Car = Car(),  # noqa: B008 - frozen, so that sharing it does no harm
) -> Array:
    """Steer like the expert, who knows the track: follow a point 8 m ahead on the centre line.

    The circle through the car, tangent to its heading, that meets the point has curvature
    ``2 * sin(angle) / gap``; so ``steering = radius * 2 * sin(angle) / gap``, clipped to [-1, 1].
    It can be asked about any state, also one to which another policy has driven: that is what
    DAgger needs.

    Parameters
    ----------
    track : Track
    states : array_like of shape (..., 3)
    car : Car, optional
        Has the radius of its tightest circle.

    Returns
    -------
    ndarray of float64, shape (...)
        From -1, hard right, to 1, hard left.

    Raises
    ------
    ValueError, TypeError
        If `states` has the wrong shape or is not finite.

    References
    ----------
    Coulter (1992), "Implementation of the pure pursuit path tracking algorithm", Carnegie Mellon
    University, CMU-RI-TR-92-01.

    Examples
    --------
    >>> from course_lib.datasets import winding_track
    >>> track = winding_track()
    >>> straight, astray = track.pose(0), track.pose(0) - [0, 0, 0.3]  # turned too far right
    >>> expert(track, astray) > expert(track, straight) + 0.3  # so more to the left
    np.True_
    """
    states = check_states(states, "expert")
    progress, _ = track.locate(states)
    goal = track.pose(progress + LOOK_AHEAD)
    dx, dy = goal[..., 0] - states[..., 0], goal[..., 1] - states[..., 1]
    angle = np.arctan2(dy, dx) - states[..., 2]
    gap = np.hypot(dx, dy)
    steering = car.radius * 2 * np.sin(angle) / np.maximum(gap, car.distance)
    # A goal behind the car has a small sine too; the way there starts with a full turn.
    full = np.where(np.sin(angle) < 0, -1.0, 1.0)
    return np.clip(np.where(np.cos(angle) < 0, full, steering), -1, 1)


@dataclass(frozen=True, eq=False)
class Drive:
    """What happened on a drive of T steps.

    Attributes
    ----------
    states : ndarray of float64, shape (T, 3)
        x, y, heading before each step.
    readings : ndarray of float64, shape (T, S)
        What the sensors measured there, in metres.
    steering : ndarray of float64, shape (T,)
        What the policy answered, clipped to [-1, 1].
    on_track : ndarray of bool, shape (T,)
        Whether the car was between the walls.
    laps : float
        Laps gained along the centre line until the car first left the track; negative if it drove
        backwards.

    Examples
    --------
    >>> from course_lib.datasets import winding_track
    >>> record = drive(lambda readings, state: 0.0, winding_track(), steps=40)  # straight on
    >>> record.on_track.argmin(), round(record.laps, 2)  # steps and laps until it left the track
    (np.int64(10), 0.03)
    """

    states: NDArray[np.float64]
    readings: NDArray[np.float64]
    steering: NDArray[np.float64]
    on_track: NDArray[np.bool_]
    laps: float


def drive(
    policy: Policy,
    track: Track,
    *,
    steps: int,
    start: ArrayLike | None = None,
    car: Car = Car(),  # noqa: B008 - frozen, so that sharing it does no harm
    rng: np.random.Generator | None = None,
) -> Drive:
    """Let a policy drive, and keep a record.

    The car goes on when it has left the track, so that an expert could show the way back.

    Parameters
    ----------
    policy : callable
        ``policy(readings, state)`` returns the steering; readings (S,), state (3,).
    track : Track
    steps : int
        Number T of decisions, at least 1.
    start : array_like of shape (3,), optional
        The first state; by default on the centre line's first point, looking along it.
    car : Car, optional
    rng : numpy.random.Generator, optional
        Needed if ``car.noise`` is above 0.

    Returns
    -------
    Drive

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range, or the policy's answer is not one finite number.

    Examples
    --------
    An expert's lap, and what the expert would have done where another policy went (DAgger):

    >>> from course_lib.datasets import winding_track
    >>> track = winding_track()
    >>> drive(lambda readings, state: expert(track, state), track, steps=300).on_track.all()
    np.True_
    >>> record = drive(lambda readings, state: 0.0, track, steps=20)
    >>> advice = expert(track, record.states)
    >>> advice.shape, record.on_track.all()
    ((20,), np.False_)

    References
    ----------
    Ross, Gordon and Bagnell (2011), "A reduction of imitation learning and structured prediction
    to no-regret online learning", AISTATS: the DAgger algorithm.
    """
    steps = check_count(steps, "drive", "steps")
    state = track.pose(0) if start is None else check_array(start, "drive", "start", (3,))
    states, readings, steering = np.empty((steps, 3)), np.empty((steps, car.rays)), np.empty(steps)
    for t in range(steps):
        states[t] = state
        readings[t] = sense(track, state, car=car, rng=rng)
        answer = np.asarray(policy(readings[t].copy(), state.copy()))
        if answer.size != 1 or answer.dtype.kind not in "fiu" or not np.isfinite(answer).all():
            raise ValueError(f"drive expected one finite number from policy, got {answer!r}")
        steering[t] = np.clip(answer.item(), -1, 1)
        state = car.move(state, steering[t])
    progress, distance = track.locate(states)
    on_track = distance <= track.half_width
    lasted = steps if on_track.all() else int(on_track.argmin())
    gained = np.diff(progress[: max(lasted, 1)])
    gained -= track.length * np.round(gained / track.length)  # across the line, by the short way
    return Drive(states, readings, steering, on_track, float(gained.sum() / track.length))


def load_driving() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Load what the expert saw and did in two laps of `winding_track`.

    Simulated, without noise. The expert stays within 1 m of the centre line, so that the data hold
    no example of a way back from the edge: a policy that fits them well can still leave the track.

    Returns
    -------
    x : ndarray of float64, shape (568, 7)
        Sensor readings in metres, in [0, 20], from left to right.
    y : ndarray of float64, shape (568,)
        The expert's steering, in [-1, 1].

    References
    ----------
    Pomerleau (1988), "ALVINN: an autonomous land vehicle in a neural network", NIPS 1, learned to
    steer from a camera and a range finder in the same way. The script is
    ``scripts/datasets/make_driving.py``.

    Examples
    --------
    >>> x, y = load_driving()
    >>> x.shape, y.shape
    ((568, 7), (568,))
    """
    arrays = read_arrays("driving")
    x, y = arrays["readings"].astype(np.float64), arrays["steering"].astype(np.float64)
    return x, y
