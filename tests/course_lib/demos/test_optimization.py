import re

import numpy as np
import pytest
from numpy.testing import assert_allclose

from course_lib import SGD, descend
from course_lib.demos import optimization as demos

CHOICES = [
    ("round bowl", 1, 10),
    ("ravine at 45°", 0.1, 30),
    ("ravine along the axis", 10, 100),
    ("ravine at 5°", 3, 100),
]


def test_every_frame_has_the_same_size():
    sizes = {tuple(demos.draw_race(*choice).get_size_inches()) for choice in CHOICES}
    assert len(sizes) == 1


@pytest.mark.parametrize(("landscape", "times", "steps"), CHOICES)
def test_the_picture_shows_the_walks_and_the_description_tells_where_they_end(
    landscape, times, steps
):
    left, right = demos.draw_race(landscape, times, steps).axes
    text = demos.describe_race(landscape, times, steps)
    assert f"After {steps} steps" in text
    shares = {}
    for i, (name, maker) in enumerate(demos.OPTIMIZERS.items()):
        lr = demos.best_rate(landscape, name)[0] * times
        bowl = demos.ravine(*demos.LANDSCAPES[landscape])
        path = descend(bowl, demos.START, maker(lr), steps=steps)
        far = np.linalg.norm(path, axis=1) / np.linalg.norm(demos.START)
        shares[name] = far[-1]
        drawn = right.lines[i].get_ydata()
        assert_allclose(drawn, np.clip(far, 1e-9, 1e9), rtol=1e-9)
        told = re.search(rf"{name} (diverged|[\d.]+)[,.]", text)[1].rstrip(".")
        if told == "diverged":
            assert far[-1] > 1000
        else:
            assert float(told) == pytest.approx(far[-1], abs=6e-4)
    assert text.endswith(f"Nearest: {min(shares, key=shares.get)}.")
    assert left.get_xlim() == (-2.6, 2.6)


def test_a_ravine_has_its_curvatures_where_they_are_asked_for():
    bowl = demos.ravine(100, 30)
    along = np.array([np.cos(np.pi / 6), np.sin(np.pi / 6)])
    assert_allclose(bowl.eigenvalues, [1, 100])
    assert_allclose(bowl.gradient(along), along)


def test_an_arrival_must_last():
    assert demos.arrival(np.array([[1.0], [0.05], [0.2], [0.05], [0.04]])) == 3
    assert demos.arrival(np.array([[1.0], [0.05], [0.2]])) is None


def test_the_noise_of_the_bowl_has_the_asked_size_and_no_bias():
    bowl = demos.NoisyBowl([1, 10], noise=3, walkers=50_000, rng=np.random.default_rng(0))
    g = bowl.gradient(np.ones((50_000, 2)))
    assert_allclose(g.mean(axis=0), [1, 10], atol=0.06)
    assert_allclose(g.std(axis=0), 3, rtol=0.02)
    assert_allclose(bowl.value(np.ones((50_000, 2))), 5.5)


# ---- what the chapter says about the race


@pytest.mark.parametrize(
    ("landscape", "winner"), list(zip(demos.LANDSCAPES, demos.OPTIMIZERS, strict=True))
)
def test_each_optimizer_wins_on_the_landscape_that_fits_it(landscape, winner):
    arrivals = {name: demos.best_rate(landscape, name)[1] for name in demos.OPTIMIZERS}
    others = [a or demos.PATIENCE + 1 for name, a in arrivals.items() if name != winner]
    assert arrivals[winner] < min(others)


@pytest.mark.parametrize("start", [(1.0, 2.0), (-2.0, 1.0)])
def test_adam_wins_in_the_ravine_at_5_degrees_from_other_starts_too(start):
    bowl = demos.ravine(*demos.LANDSCAPES["ravine at 5°"])
    arrivals = {}
    for name, maker in demos.OPTIMIZERS.items():
        paths = (descend(bowl, start, maker(lr), steps=120) for lr in demos.RATES)
        steps = [demos.arrival(path) for path in paths if len(path) == 121]
        arrivals[name] = min(step or 999 for step in steps)
    assert min(arrivals, key=arrivals.get) == "Adam"


def test_with_ten_times_the_rate_descent_and_momentum_fly_apart_in_ravines_and_the_others_stay():
    for landscape in demos.LANDSCAPES:
        for name in demos.OPTIMIZERS:
            path = demos.walk(landscape, name, 10 * demos.best_rate(landscape, name)[0], 100)
            apart = demos.distances(path)[-1] > 1000
            ravine = landscape != "round bowl"
            assert apart == (name == "descent" or (name == "momentum" and ravine))


def test_three_times_its_best_rate_brings_rmsprop_near_sooner_but_not_to_rest():
    lr, arrival = demos.best_rate("ravine along the axis", "RMSProp")
    far = demos.distances(demos.walk("ravine along the axis", "RMSProp", 3 * lr))
    assert np.flatnonzero(far < demos.NEAR)[0] < arrival / 2
    assert far[100] > far[30]


def test_in_the_ravine_at_45_degrees_momentum_leads_after_30_steps_and_rmsprop_trails_descent():
    far = {
        name: demos.distances(
            demos.walk("ravine at 45°", name, demos.best_rate("ravine at 45°", name)[0])
        )[30]
        for name in demos.OPTIMIZERS
    }
    assert sorted(far, key=far.get) == ["momentum", "Adam", "descent", "RMSProp"]


def test_descent_on_a_round_bowl_arrives_in_one_step():
    path = descend(demos.ravine(1, 0), demos.START, lambda p: SGD(p, 1.0), steps=1)
    assert_allclose(path[1], 0, atol=1e-12)
