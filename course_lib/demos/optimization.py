"""Demos of the chapter on optimization: four optimizers race on four landscapes.

Equation of every landscape: ``value(x) = x @ H @ x / 2``, with curvatures 1 and κ along its axes.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from course_lib._checks import Array, check_array
from course_lib.architecture import Parameter
from course_lib.mathematics import Landscape, Quadratic, descend
from course_lib.plotting import style
from course_lib.plotting.paths import plot_contours, plot_path
from course_lib.training import SGD, Adam, Optimizer, RMSProp

Maker = Callable[[list[Parameter]], Optimizer]

START = np.array([2.0, 1.0])
NEAR = 0.1  # a walk has arrived where it stays within this share of the first distance
PATIENCE = 200  # steps that the search for the best rate waits
RATES = [m * 10.0**e for e in (-3, -2, -1, 0) for m in (1, 1.5, 2, 3, 5, 7) if m * 10.0**e < 4]

LANDSCAPES = {
    "round bowl": (1, 0),
    "ravine at 45°": (100, 45),
    "ravine along the axis": (1000, 0),
    "ravine at 5°": (1000, 5),
}
"""Name of each landscape: its condition number, and the angle of its flat direction."""

OPTIMIZERS: dict[str, Callable[[float], Maker]] = {
    "descent": lambda lr: lambda parameters: SGD(parameters, lr),
    "momentum": lambda lr: lambda parameters: SGD(parameters, lr, momentum=0.9),
    "RMSProp": lambda lr: lambda parameters: RMSProp(parameters, lr),
    "Adam": lambda lr: lambda parameters: Adam(parameters, lr),
}
"""Who races: name, and what makes it from a rate. All but the rate is as usual."""


def ravine(condition_number: float, degrees: float) -> Quadratic:
    """Make a bowl in the plane with curvature 1 in one direction and κ across it.

    Parameters
    ----------
    condition_number : float
        κ, at least 1.
    degrees : float
        Angle of the flat direction with the first axis.

    Examples
    --------
    >>> ravine(100.0, 45.0).hessian.round(6)
    array([[ 50.5, -49.5], [-49.5,  50.5]])
    """
    angle = np.deg2rad(degrees)
    along, across = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return Quadratic(np.outer(along, along) + condition_number * np.outer(across, across))


class NoisyBowl(Landscape):
    """Many walkers in one bowl whose gradients come with noise: ``gradient(x) = λ x + s e``.

    Parameters
    ----------
    curvatures : array_like of shape (D,)
        λ, above 0, along each axis.
    noise : float
        s, the typical size of the noise; e is drawn from a standard normal distribution.
    walkers : int
        Rows of x.
    rng : numpy.random.Generator
        Draws e.

    Examples
    --------
    >>> bowl = NoisyBowl([1.0, 10.0], noise=0.0, walkers=3, rng=np.random.default_rng(0))
    >>> bowl.gradient(np.ones((3, 2)))[0]
    array([ 1., 10.])
    """

    def __init__(
        self, curvatures: ArrayLike, *, noise: float, walkers: int, rng: np.random.Generator
    ) -> None:
        self.curvatures = check_array(curvatures, "NoisyBowl", "curvatures", ("D",))
        self.noise = noise
        self.rng = rng
        self.minimum = np.zeros((walkers, len(self.curvatures)))

    def value(self, x: ArrayLike) -> Array:
        """Return the height of each walker, without noise; x has shape (walkers, D)."""
        height: Array = (self.curvatures * np.asarray(x) ** 2).sum(axis=-1) / 2
        return height

    def gradient(self, x: ArrayLike) -> Array:
        """Return ``λ x + s e``, with new noise at each call."""
        x, λ, s = np.asarray(x), self.curvatures, self.noise
        e = self.rng.standard_normal(x.shape)
        slope: Array = λ * x + s * e
        return slope


@cache
def walk(landscape: str, name: str, lr: float, steps: int = PATIENCE) -> Array:
    """Let one optimizer walk down a landscape from `START`, and return where it has been.

    Returns
    -------
    ndarray of shape (steps + 1, 2), read-only
        It ends early if the walk diverged.

    Examples
    --------
    >>> walk("round bowl", "descent", 1.0, steps=1)
    array([[2., 1.],
           [0., 0.]])
    """
    path = descend(ravine(*LANDSCAPES[landscape]), START, OPTIMIZERS[name](lr), steps=steps)
    path.flags.writeable = False  # it is shared between calls
    return path


def distances(path: Array) -> Array:
    """Return the distance from the minimum in each step, as a share of the first one.

    Examples
    --------
    >>> distances(np.array([[2.0, 0.0], [0.0, 1.0]]))
    array([1. , 0.5])
    """
    far = np.linalg.norm(path, axis=1)
    shares: Array = far / far[0]
    return shares


def arrival(path: Array) -> int | None:
    """Return the step from which on the walk stays within a tenth of its first distance, or None.

    Examples
    --------
    >>> arrival(np.array([[10.0], [0.5], [-3.0], [0.2], [0.1]]))
    3
    """
    outside = np.flatnonzero(distances(path) >= NEAR)
    first = int(outside[-1]) + 1
    return first if first < len(path) else None


@cache
def best_rate(landscape: str, name: str) -> tuple[float, int | None]:
    """Return the rate of `RATES` with which an optimizer arrives first, and its arrival.

    If it arrives with none, the rate is the one that leaves it nearest, and the arrival None.

    Examples
    --------
    >>> best_rate("round bowl", "descent")
    (1.0, 1)
    """
    scores = []
    for lr in RATES:
        path = walk(landscape, name, lr)
        step = arrival(path)
        scores.append((PATIENCE + 1 if step is None else step, distances(path)[-1], lr, step))
    _, _, lr, step = min(scores, key=lambda score: score[:3])
    return lr, step


def draw_race(landscape: str, times: float, steps: int) -> Figure:
    """Draw the four walks on the map, and their distances from the minimum step by step.

    Parameters
    ----------
    landscape : str
        A name in `LANDSCAPES`.
    times : float
        Each optimizer walks with its best rate times this.
    steps : int

    Examples
    --------
    >>> draw_race("round bowl", 1, 10).axes[1].get_xlabel()
    'step'
    """
    figure = style.figure(8.4, 3.7)
    figure.set_layout_engine("none")  # a fixed layout: to find one takes longer than to draw
    place = {"left": 0.06, "right": 0.97, "bottom": 0.15, "top": 0.9, "wspace": 0.17}
    left, right = figure.subplots(1, 2, width_ratios=[1.15, 1], gridspec_kw=place)
    bowl = ravine(*LANDSCAPES[landscape])
    plot_contours(left, bowl.value, xlim=(-2.6, 2.6), ylim=(-2, 2), levels=9, resolution=60)
    left.plot(0, 0, marker="+", color=style.INK, markersize=11, zorder=3)
    for i, name in enumerate(OPTIMIZERS):
        path = walk(landscape, name, best_rate(landscape, name)[0] * times)[: steps + 1]
        color, line = style.CLASS_COLORS[i], ["-", "--", "-.", ":"][i]
        plot_path(left, path, color=color)
        right.semilogy(np.clip(distances(path), 1e-9, 1e9), line, color=color, label=name)
    left.set(title=f"{landscape}, {steps} steps", aspect="equal")
    right.axhline(NEAR, color=style.MUTED, linewidth=1)
    right.set(xlim=(0, steps), ylim=(3e-4, 30), xlabel="step", title="distance, start = 1")
    right.set_yticks([0.001, 0.01, 0.1, 1, 10], ["0.001", "0.01", "0.1", "1", "10"])
    right.minorticks_off()
    right.legend(loc="lower left", ncols=2, fontsize=9)
    return figure


def describe_race(landscape: str, times: float, steps: int) -> str:
    """Say in words what `draw_race` shows.

    Examples
    --------
    >>> describe_race("round bowl", 1, 10)[:66]
    'After 10 steps each walk is at this share of its first distance: d'
    """
    shares, told = {}, []
    for name in OPTIMIZERS:
        path = walk(landscape, name, best_rate(landscape, name)[0] * times)[: steps + 1]
        shares[name] = float(distances(path)[-1])
        gone = shares[name] > 1000
        told.append(f"{name} {'diverged' if gone else format(shares[name], '.3f')}")
    return (
        f"After {steps} steps each walk is at this share of its first distance: "
        f"{', '.join(told)}. Nearest: {min(shares, key=lambda name: shares[name])}."
    )
