"""A closed race track: a centre line, and a wall on either side at half the track's width.

Equation: ``wall = centre ± half_width * normal``, the normal being the tangent turned left.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_lib._checks import Array, check_array, check_positive


class Track:
    """A closed track between two walls, with lengths in metres.

    Parameters
    ----------
    centre : array_like of shape (M, 2)
        Points of the centre line in driving order, at least 8, close enough for straight pieces to
        look smooth; the last is joined to the first.
    half_width : float
        From the centre line to a wall, above 0 and below the radius of the sharpest bend.

    Attributes
    ----------
    centre, left, right : ndarray of float64, shape (M, 2)
        The centre line and the walls: ``left = centre + half_width * normal``,
        ``right = centre - half_width * normal``.
    wall_start, wall_step : ndarray of float64, shape (2 M, 2)
        The straight pieces of both walls, each from ``wall_start`` to ``wall_start + wall_step``.
    half_width, length : float
        `length` is that of the centre line.

    Raises
    ------
    ValueError, TypeError
        If the centre line has fewer than 8 points, repeats one or turns by 90° or more at one,
        `half_width` is not above 0, or a bend is so sharp that a wall would cross itself.

    Examples
    --------
    >>> angle = np.linspace(0, 2 * np.pi, 100, endpoint=False)
    >>> ring = Track(20 * np.column_stack([np.cos(angle), np.sin(angle)]), half_width=3)
    >>> round(ring.length, 1)
    125.6
    >>> ring.contains([[20, 0, 0], [24, 0, 0]])
    array([ True, False])
    """

    def __init__(self, centre: ArrayLike, half_width: float) -> None:
        self.centre: Array = np.array(check_array(centre, "Track", "centre", ("M", 2)))
        self.half_width: float = check_positive(half_width, "Track", "half_width")
        if len(self.centre) < 8:
            raise ValueError(f"Track expected at least 8 points of centre, got {len(self.centre)}")
        self._step: Array = _next(self.centre) - self.centre  # (M, 2)
        lengths = np.hypot(*self._step.T)
        if lengths.min() == 0:
            raise ValueError(
                f"Track expected distinct points of centre, got point {lengths.argmin()} twice"
            )
        corner = (self._step * np.roll(self._step, 1, axis=0)).sum(axis=1)
        if corner.min() <= 0:
            raise ValueError(
                f"Track expected centre to turn by less than 90° at a point, "
                f"got a sharper turn at point {corner.argmin()}"
            )
        self._start: Array = np.concatenate([[0.0], np.cumsum(lengths)])  # (M + 1,)
        self.length: float = float(self._start[-1])
        tangent = _next(self.centre) - np.roll(self.centre, 1, axis=0)
        tangent /= np.hypot(*tangent.T)[:, None]
        normal = np.column_stack([-tangent[:, 1], tangent[:, 0]])
        self.left: Array = self.centre + half_width * normal
        self.right: Array = self.centre - half_width * normal
        for wall in (self.left, self.right):
            if ((_next(wall) - wall) * self._step).sum(axis=1).min() <= 0:
                raise ValueError(
                    f"Track expected half_width below the radius of the sharpest bend, "
                    f"got {half_width}"
                )
        # The pieces that rays can hit: from wall_start to wall_start + wall_step, 2 M of them.
        self.wall_start: Array = np.concatenate([self.left, self.right])
        self.wall_step: Array = np.concatenate([_next(self.left), _next(self.right)])
        self.wall_step -= self.wall_start
        for array in (self.centre, self.left, self.right, self.wall_start, self.wall_step):
            array.setflags(write=False)  # `winding_track` gives the same track to everyone

    def locate(self, states: ArrayLike) -> tuple[Array, Array]:
        """Find the nearest point of the centre line.

        Parameters
        ----------
        states : array_like of shape (..., 3)
            Rows x, y, heading; the heading does not matter here.

        Returns
        -------
        progress : ndarray of shape (...)
            Metres along the centre line from its first point, in [0, length).
        distance : ndarray of shape (...)
            Metres from the centre line.
        """
        states = check_states(states, "Track.locate")
        step_x, step_y = self._step.T
        gap_x = states[..., 0:1] - self.centre[:, 0]  # (..., M)
        gap_y = states[..., 1:2] - self.centre[:, 1]
        share = (gap_x * step_x + gap_y * step_y) / (step_x**2 + step_y**2)
        share = np.minimum(np.maximum(share, 0), 1)  # how far along each piece the nearest point is
        distance = np.hypot(gap_x - share * step_x, gap_y - share * step_y)
        nearest = distance.argmin(axis=-1)
        share = np.take_along_axis(share, nearest[..., None], axis=-1)[..., 0]
        progress = self._start[nearest] + share * np.hypot(step_x, step_y)[nearest]
        return progress % self.length, distance.min(axis=-1)

    def contains(self, states: ArrayLike) -> NDArray[np.bool_]:
        """Tell whether ``distance <= half_width``, for states (..., 3); the result is (...)."""
        inside: NDArray[np.bool_] = self.locate(states)[1] <= self.half_width
        return inside

    def pose(self, progress: ArrayLike) -> Array:
        """Return the state of a car on the centre line that looks along it.

        Parameters
        ----------
        progress : array_like of shape (...)
            Metres along the centre line; any number, laps are taken off.

        Returns
        -------
        ndarray of float64, shape (..., 3)
            x, y in metres, and the heading in radians, counter-clockwise from the x axis.
        """
        progress = check_array(progress, "Track.pose", "progress", None) % self.length
        piece = np.searchsorted(self._start, progress, side="right") - 1
        piece = np.minimum(piece, len(self.centre) - 1)
        step = self._step[piece]
        share = (progress - self._start[piece]) / np.hypot(step[..., 0], step[..., 1])
        position = self.centre[piece] + share[..., None] * step
        heading = np.arctan2(step[..., 1], step[..., 0])
        return np.concatenate([position, heading[..., None]], axis=-1)

    def __repr__(self) -> str:
        return f"Track({len(self.centre)} points, half_width={self.half_width:g})"


def _next(points: Array) -> Array:
    """Return each point's successor around the loop."""
    return np.roll(points, -1, axis=0)


def check_states(states: ArrayLike, owner: str) -> Array:
    """Return states of shape (..., 3), or raise an error that names who asked."""
    array = check_array(states, owner, "states", None)
    if array.ndim == 0 or array.shape[-1] != 3:
        raise ValueError(
            f"{owner} expected states (x, y, heading) of shape (..., 3), got {array.shape}"
        )
    return array


@lru_cache(maxsize=1)
def winding_track() -> Track:
    """Return the course's own track: a winding lap of 284 m between walls 5 m apart.

    In polar coordinates its centre line is
    ``r = 40 + 5 * cos(2 * θ) + 7 * sin(3 * θ) + 4 * cos(5 * θ)``, in metres.

    Examples
    --------
    >>> winding_track()
    Track(160 points, half_width=2.5)
    """
    θ = np.linspace(0, 2 * np.pi, 4001)
    r = 40 + 5 * np.cos(2 * θ) + 7 * np.sin(3 * θ) + 4 * np.cos(5 * θ)
    curve = np.column_stack([r * np.cos(θ), r * np.sin(θ)])
    arc = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(curve, axis=0).T))])
    even = np.linspace(0, arc[-1], 160, endpoint=False)
    return Track(np.column_stack([np.interp(even, arc, axis) for axis in curve.T]), half_width=2.5)
