"""A car on a track: how it moves, and what its range sensors see.

Equations: ``heading_next = heading + distance * steering / radius``, and the car moves `distance`
in the mean of both headings.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from course_lib._checks import (
    Array,
    check_array,
    check_count,
    check_not_negative,
    check_positive,
    check_rng,
)
from course_lib.datasets.track import Track, check_states


@dataclass(frozen=True)
class Car:
    """A car of constant speed that can only steer, with range sensors at its nose.

    Its state is (x, y, heading), in metres and radians counter-clockwise from the x axis.

    Parameters
    ----------
    distance : float, optional
        Metres from one decision to the next, above 0. At the default of 1 m and ten decisions a
        second the car does 10 m/s.
    radius : float, optional
        Radius in metres of the tightest circle that it can drive, above 0.
    rays : int, optional
        Number S of sensors, at least 2, spread evenly over 180 degrees from left to right.
    reach : float, optional
        Largest distance in metres that a sensor can measure, above 0.
    noise : float, optional
        Standard deviation in metres of the sensors' normal noise, at least 0.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range or no number.

    Examples
    --------
    >>> car, state = Car(radius=2 / np.pi), np.array([0.0, 0.0, 0.0])
    >>> for _ in range(4):
    ...     state = car.move(state, steering=1.0)  # a quarter of a circle, to the left
    >>> (state / [1, 1, 2 * np.pi]).round(6) + 0.0  # back where it started, after one turn
    array([0., 0., 1.])
    """

    distance: float = 1.0
    radius: float = 5.0
    rays: int = 7
    reach: float = 20.0
    noise: float = 0.0

    def __post_init__(self) -> None:
        check_positive(self.distance, "Car", "distance")
        check_positive(self.radius, "Car", "radius")
        check_count(self.rays, "Car", "rays", 2)
        check_positive(self.reach, "Car", "reach")
        check_not_negative(self.noise, "Car", "noise")

    def move(self, states: ArrayLike, steering: ArrayLike) -> Array:
        """Drive on by `distance`: ``heading_next = heading + distance * steering / radius``.

        Parameters
        ----------
        states : array_like of shape (..., 3)
        steering : array_like of shape (...)
            From -1, hard right, to 1, hard left; what lies outside is clipped.

        Returns
        -------
        ndarray of float64, shape (..., 3)
        """
        states = check_states(states, "Car.move")
        steering = check_array(steering, "Car.move", "steering", states.shape[:-1])
        steering = np.clip(steering, -1, 1)
        distance, radius = self.distance, self.radius
        x, y, heading = np.moveaxis(states, -1, 0)
        heading_next = heading + distance * steering / radius
        mean = (heading + heading_next) / 2
        return np.stack(
            [x + distance * np.cos(mean), y + distance * np.sin(mean), heading_next], axis=-1
        )


def sense(
    track: Track,
    states: ArrayLike,
    *,
    car: Car = Car(),
    rng: np.random.Generator | None = None,
) -> Array:
    """Measure how far the nearest wall is, along each of the car's rays.

    A ray from `position` along the unit vector `u` meets the wall piece from `a` to ``a + step``
    where ``position + reading * u = a + share * step``, with `reading` at least 0 and `share` in
    [0, 1].

    Parameters
    ----------
    track : Track
    states : array_like of shape (..., 3)
    car : Car, optional
        Has the number of rays, their reach and their noise.
    rng : numpy.random.Generator, optional
        Needed if ``car.noise`` is above 0.

    Returns
    -------
    ndarray of float64, shape (..., S)
        Readings in metres, in [0, reach], from the left (90°) over straight ahead to the right.

    Raises
    ------
    ValueError, TypeError
        If `states` has the wrong shape or is not finite, or the noise lacks its `rng`.

    Examples
    --------
    >>> from course_lib.datasets import winding_track
    >>> track = winding_track()
    >>> sense(track, track.pose(0)).round(1)
    array([ 2.5,  2.9,  8.3, 10. ,  4.5,  2.9,  2.5])
    """
    states = check_states(states, "sense")
    if car.noise > 0:
        check_rng(rng, "sense")  # type: ignore[arg-type]
    turn = np.linspace(np.pi / 2, -np.pi / 2, car.rays)
    angle = states[..., 2:3] + turn
    u_x, u_y = np.cos(angle)[..., None], np.sin(angle)[..., None]  # (..., S, 1)
    step_x, step_y = track.wall_step.T  # (K,)
    gap = track.wall_start - states[..., None, :2]  # a - position, (..., K, 2)
    gap_x, gap_y = gap[..., None, :, 0], gap[..., None, :, 1]  # (..., 1, K)
    across = u_x * step_y - u_y * step_x  # (..., S, K), 0 where ray and piece are parallel
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        reading = (gap_x * step_y - gap_y * step_x) / across
        share = (gap_x * u_y - gap_y * u_x) / across
    slack = 1e-9  # so that no ray slips through between two pieces
    hit = (reading >= 0) & (share >= -slack) & (share <= 1 + slack)
    readings: Array = np.where(hit, reading, car.reach).min(axis=-1)  # (..., S)
    if rng is not None and car.noise > 0:
        readings = readings + car.noise * rng.standard_normal(readings.shape)
    return np.clip(readings, 0, car.reach)
