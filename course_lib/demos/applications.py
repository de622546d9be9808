"""Demo of the chapter on applications: a car that learned to steer, let loose on the road.

Equation: ``distance(state) <= half_width`` at every metre, which counts and is in no loss.
"""

from functools import cache

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_lib._checks import Array
from course_lib.datasets import Track
from course_lib.demos.driving_school import (
    BEYOND,
    EPOCHS,
    STEPS,
    let_drive,
    road,
    school,
    steering_error,
)
from course_lib.plotting import style


@cache
def replay(method: str, epochs: int, road_name: str) -> tuple[Array, int]:
    """Return where a learner drove from the first point of a road, (T, 3), and how far it came.

    Examples
    --------
    >>> replay("two laps", 0, "as learned")[1] < 30
    True
    """
    look, track = school(method)[EPOCHS.index(epochs)], road(road_name)
    states, metres = let_drive(look.model, track, track.pose([0.0]))
    return states[:, 0], int(metres[0])


def draw_drive(method: str, epochs: int, road_name: str) -> Figure:
    """Draw a learner's drive on the track, and how far it came after each look so far.

    Parameters
    ----------
    method : str
        One of `METHODS`.
    epochs : int
        One of `EPOCHS`.
    road_name : str
        One of `ROADS`.

    Examples
    --------
    >>> draw_drive("two laps", 0, "as learned").axes[1].get_xlabel()
    'epochs'
    """
    track = road(road_name)
    states, far = replay(method, epochs, road_name)
    figure = style.figure(7.6, 4.2)
    figure.set_layout_engine("none")  # the places are fixed: no search for a layout
    ax, side = figure.add_axes((0.01, 0.03, 0.52, 0.86)), figure.add_axes((0.64, 0.15, 0.34, 0.7))
    plot_drive(ax, track, states, far)
    ax.set_title("stays on the road" if far == STEPS else f"off the road after {far} m")
    so_far = [e for e in EPOCHS if e <= epochs]
    metres = [replay(method, e, road_name)[1] for e in so_far]
    side.axhline(STEPS, color=style.MUTED, linestyle=":")
    side.plot(so_far, metres, color=style.VALIDATION, marker="o")
    side.set(xlim=(-3, EPOCHS[-1] + 3), ylim=(0, 320), xlabel="epochs", ylabel="metres on the road")
    look = school(method)[EPOCHS.index(epochs)]
    side.set_title(f"{look.examples} examples")
    return figure


def plot_drive(ax: Axes, track: Track, states: Array, far: int) -> Axes:
    """Draw a track and a drive on it, with a cross where the car left it after `far` metres."""
    for wall in (track.left, track.right):
        ax.fill(*wall.T, facecolor="none", edgecolor=style.MUTED, linewidth=1.2)
    ax.plot(*states[: far + BEYOND, :2].T, color=style.TRAIN)
    ax.plot(*states[0, :2], "o", color=style.TRAIN, markersize=8)
    if far < STEPS:
        ax.plot(*states[far, :2], "X", color=style.NEGATIVE, markersize=12)
    ax.set(aspect="equal", xticks=[], yticks=[])
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    return ax


def describe_drive(method: str, epochs: int, road_name: str) -> str:
    """Say in words what `draw_drive` shows.

    Examples
    --------
    >>> describe_drive("two laps", 0, "as learned")[:55]
    'Learned from two laps, after 0 epochs and 568 examples:'
    """
    look, far = school(method)[EPOCHS.index(epochs)], replay(method, epochs, road_name)[1]
    outcome = (
        f"stays on the road for all {STEPS} m, more than a lap"
        if far == STEPS
        else f"leaves the road after {far} m"
    )
    return (
        f"Learned from {method}, after {epochs} epochs and {look.examples} examples: on the "
        f"road {road_name} the car {outcome}. On the expert's own unseen lap its steering is off "
        f"by {steering_error(look.model):.3f} in the mean."
    )
