"""A car learns to steer from an expert, in three ways that differ in where the expert is asked.

Equation: ``loss = mean((network(readings) - expert's steering)**2)``.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from course_lib._checks import Array
from course_lib.architecture import Dense, Sequential, Tanh
from course_lib.datasets import Car, Drive, Track, drive, expert, load_driving, sense, winding_track
from course_lib.training import Adam, MeanSquaredError, train

METHODS = ("two laps", "more laps", "advice on its own drives")
EPOCHS = (0, 5, 10, 20, 40, 60)
"""When a learner is looked at; at those from 10 on, methods that gather get new examples."""

ROADS = ("as learned", "the other way round")
PLACES, METRES = 4, 40  # how often and how far a car drives to gather examples
HIDDEN, BATCH, RATE = 32, 32, 3e-3
STEPS = 300  # a lap is 284 m, and the car does 1 m a step
BEYOND = 5  # metres that are kept and drawn after a car has left the track


def make_driver(*, rng: np.random.Generator) -> Sequential:
    """Make a network that turns seven readings, in units of 20 m, into a steering in (-1, 1).

    Examples
    --------
    >>> make_driver(rng=np.random.default_rng(0)).forward(np.ones((5, 7))).shape
    (5, 1)
    """
    number = np.float32
    return Sequential(
        Dense(Car().rays, HIDDEN, rng=rng, dtype=number),
        Tanh(),
        Dense(HIDDEN, HIDDEN, rng=rng, dtype=number),
        Tanh(),
        Dense(HIDDEN, 1, rng=rng, dtype=number),
        Tanh(),
    )


def steer(model: Sequential, readings: Array) -> Array:
    """Return the steering of a network: readings (N, 7) in metres, result (N,)."""
    y: Array = model.forward(readings / Car().reach)[:, 0].astype(np.float64)
    return y


def beside(track: Track, progress: float, left: float) -> Array:
    """Return the state of a car that looks along the track, some metres left of its middle.

    Examples
    --------
    >>> track = winding_track()
    >>> track.locate(beside(track, 30.0, 1.5))[1].round(2)
    np.float64(1.5)
    """
    x, y, heading = track.pose(progress)
    return np.array([x - left * np.sin(heading), y + left * np.cos(heading), heading])


def let_drive(
    model: Sequential, track: Track, starts: Array, steps: int = STEPS
) -> tuple[Array, NDArray[np.int64]]:
    """Let a network drive many cars at once, until all are a little past the edge of the road.

    Parameters
    ----------
    model : Sequential
    track : Track
    starts : ndarray of shape (M, 3)
    steps : int, optional
        At most so many, a metre each.

    Returns
    -------
    states : ndarray of shape (T, M, 3)
        Where each car was before each step.
    metres : ndarray of int, shape (M,)
        How far each came before it left the road; `steps` if it never did.

    Examples
    --------
    >>> model = make_driver(rng=np.random.default_rng(0))
    >>> track = winding_track()
    >>> let_drive(model, track, track.pose([0.0, 50.0]), steps=3)[0].shape
    (3, 2, 3)
    """
    states, metres = [starts], np.zeros(len(starts), np.int64)
    alive, past = track.contains(starts), 0
    while len(states) < steps and past < BEYOND:
        states.append(Car().move(states[-1], steer(model, sense(track, states[-1])).clip(-1, 1)))
        metres += alive
        alive &= track.contains(states[-1])
        past += not alive.any()
    return np.stack(states), metres + alive


def gather(method: str, model: Sequential, track: Track, starts: Array) -> tuple[Array, Array]:
    """Drive 40 m from each start, and write down what the expert would do at each metre.

    With "advice on its own drives" the *network* drives (until a little after it left the track):
    this is DAgger. With "more laps" the expert drives. With "two laps" nobody does.

    Parameters
    ----------
    method : str
        One of `METHODS`.
    model : Sequential
    track : Track
    starts : ndarray of shape (M, 3)

    Returns
    -------
    readings : ndarray of shape (N, 7)
    steering : ndarray of shape (N,)
        The expert's.

    References
    ----------
    Ross, Gordon and Bagnell (2011), "A reduction of imitation learning and structured prediction
    to no-regret online learning", AISTATS, algorithm 3.1, with the expert driving in the first
    round only.
    """
    if method == METHODS[0]:
        return np.empty((0, Car().rays)), np.empty(0)
    if method == METHODS[1]:
        laps = [
            drive(lambda _, state: expert(track, state), track, steps=METRES, start=start)
            for start in starts
        ]
        kept = np.concatenate([lap.states for lap in laps])
    else:
        states, metres = let_drive(model, track, starts, METRES)
        kept = np.concatenate([states[: end + BEYOND, i] for i, end in enumerate(metres)])
    return sense(track, kept), expert(track, kept)


@dataclass(frozen=True)
class Look:
    """A learner at one moment of its training.

    Attributes
    ----------
    epochs, examples : int
        Epochs behind it, and examples at hand.
    model : Sequential
    """

    epochs: int
    examples: int
    model: Sequential


@cache
def school(method: str, seed: int = 0) -> list[Look]:
    """Train a driver from scratch with one of `METHODS`; look at it after each of `EPOCHS`.

    Examples
    --------
    >>> [look.examples for look in school("two laps")][::3]
    [568, 568]
    """
    rng, track = np.random.default_rng(seed), winding_track()
    X, y = load_driving()
    model = make_driver(rng=rng)
    optimizer, loss_fn = Adam(model.parameters(), lr=RATE), MeanSquaredError()
    looks = []
    for epochs, before in zip(EPOCHS, (0, *EPOCHS), strict=False):
        if epochs:
            inputs, targets = (X / Car().reach).astype(np.float32), y[:, None].astype(np.float32)
            for _ in train(
                model, loss_fn, optimizer, inputs, targets,
                epochs=epochs - before, batch_size=BATCH, rng=rng,
            ):  # fmt: skip
                pass
        then = make_driver(rng=np.random.default_rng(0))
        for copy, parameter in zip(then.parameters(), model.parameters(), strict=True):
            copy.value[...] = parameter.value
        looks.append(Look(epochs, len(X), then))
        if 10 <= epochs < EPOCHS[-1]:
            starts = track.pose(rng.uniform(0, track.length, PLACES))
            more_X, more_y = gather(method, model, track, starts)
            X, y = np.concatenate([X, more_X]), np.concatenate([y, more_y])
    return looks


@cache
def exam_lap() -> Drive:
    """Return a lap of the expert that is in no training set: it starts elsewhere.

    Examples
    --------
    >>> exam_lap().on_track.all()
    np.True_
    """
    track = winding_track()
    return drive(lambda _, state: expert(track, state), track, steps=284, start=track.pose(0.5))


def steering_error(model: Sequential) -> float:
    """Return how far a network's steering is from the expert's on `exam_lap`, in the mean."""
    lap = exam_lap()
    return float(np.abs(steer(model, lap.readings) - lap.steering).mean())


@cache
def road(name: str) -> Track:
    """Return one of `ROADS`; the second is the same one driven in the other direction.

    Its bends come in another order, and what turned left turns right: no learner has seen it.

    Examples
    --------
    >>> round(road("the other way round").length, 1), round(winding_track().length, 1)
    (284.1, 284.1)
    """
    track = winding_track()
    return track if name == ROADS[0] else Track(track.centre[::-1], half_width=track.half_width)
