import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.mathematics import ConstantRate, Cosine, StepDecay, WarmupCosine

RATES = st.floats(1e-6, 10)
STEPS = st.integers(1, 200)


@settings(deadline=None)
@given(RATES, st.integers(0, 10**6))
def test_a_constant_rate_never_changes(lr, step):
    assert ConstantRate(lr)(step) == lr


@settings(deadline=None)
@given(RATES, STEPS, st.floats(0.1, 0.9), st.integers(0, 20))
def test_a_step_decay_drops_by_its_factor_after_every_so_many_steps(lr, every, factor, drops):
    schedule = StepDecay(lr, every, factor)
    rate = lr
    for _ in range(drops):
        rate *= factor
    assert schedule(drops * every) == pytest.approx(rate)
    assert schedule((drops + 1) * every - 1) == pytest.approx(rate)


@settings(deadline=None)
@given(RATES, STEPS, st.floats(0, 1))
def test_a_cosine_falls_from_the_first_rate_to_the_last_and_stays(lr, steps, share):
    schedule = Cosine(lr, steps, last=share * lr)
    rates = [schedule(step) for step in range(steps + 3)]
    assert rates[0] == pytest.approx(lr)
    assert rates[-3:] == pytest.approx([share * lr] * 3)
    assert (np.diff(rates) <= 1e-12).all()
    # Half a wave is symmetric about its middle.
    for step in range(steps + 1):
        assert rates[step] + rates[steps - step] == pytest.approx(lr + share * lr)


@settings(deadline=None)
@given(RATES, st.integers(1, 50), st.integers(1, 200))
def test_a_warm_up_climbs_evenly_from_the_first_step_and_then_falls(lr, warmup, rest):
    schedule = WarmupCosine(lr, warmup, warmup + rest)
    rates = [schedule(step) for step in range(warmup + rest + 2)]
    np.testing.assert_allclose(np.diff([0, *rates[:warmup]]), lr / warmup)
    assert rates[warmup] == pytest.approx(lr)
    assert (np.diff(rates[warmup:]) <= 1e-12).all()
    assert rates[-1] == pytest.approx(0, abs=1e-12)
    assert max(rates) == pytest.approx(lr)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: ConstantRate(0), "lr above 0"),
        (lambda: ConstantRate(float("nan")), "lr above 0"),
        (lambda: StepDecay(0.1, 0), "every of at least 1"),
        (lambda: StepDecay(0.1, 10, 1.0), r"factor in \(0, 1\)"),
        (lambda: Cosine(0.1, 0), "steps of at least 1"),
        (lambda: Cosine(0.1, 10, last=0.2), "last between 0 and lr = 0.1"),
        (lambda: Cosine(0.1, 10, last=-0.1), "last between"),
        (lambda: WarmupCosine(0.1, 0, 10), "warmup of at least 1"),
        (lambda: WarmupCosine(0.1, 10, 10), "steps of at least 11"),
        (lambda: WarmupCosine(-0.1, 10, 10), "lr above 0"),
        (lambda: ConstantRate(0.1)(-1), "step of at least 0"),
    ],
)
def test_a_schedule_refuses_what_makes_no_sense(build, message):
    with pytest.raises(ValueError, match=message):
        build()


def test_a_schedule_refuses_a_step_between_steps():
    with pytest.raises(TypeError, match="step to be a whole number"):
        Cosine(0.1, 10)(0.5)
