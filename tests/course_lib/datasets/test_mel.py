import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.datasets import (
    cut_frames,
    hertz_to_mel,
    log_mel,
    mel_filters,
    mel_to_hertz,
    power_spectrum,
)

RATE = 8000


def tone(frequency, seconds=0.5, amplitude=1.0):
    return amplitude * np.sin(2 * np.pi * frequency * np.arange(int(RATE * seconds)) / RATE)


@settings(deadline=None)
@given(frequency=st.floats(0, 20000))
def test_mel_and_hertz_undo_each_other(frequency):
    assert np.isclose(mel_to_hertz(hertz_to_mel(frequency)), frequency, atol=1e-8)


def test_a_thousand_hertz_are_a_thousand_mel_and_higher_pitches_are_squeezed():
    assert abs(hertz_to_mel(1000) - 1000) < 0.1
    steps = np.diff(hertz_to_mel(np.arange(0, 4001, 500)))
    assert (np.diff(steps) < 0).all()


@pytest.mark.parametrize("function", [hertz_to_mel, mel_to_hertz])
def test_pitches_below_zero_are_refused(function):
    with pytest.raises(ValueError, match=rf"{function.__name__} expected .* of at least 0, got -1"):
        function([3.0, -1.0])


@settings(deadline=None)
@given(n=st.integers(1, 60), size=st.integers(1, 20), hop=st.integers(1, 20))
def test_frames_are_the_slices_that_the_docstring_names(n, size, hop):
    samples = np.arange(n, dtype=float)
    if n < size:
        with pytest.raises(ValueError, match=rf"at least {size} samples, got {n}"):
            cut_frames(samples, size=size, hop=hop)
        return
    frames = cut_frames(samples, size=size, hop=hop)
    assert frames.shape == (1 + (n - size) // hop, size)
    for t, frame in enumerate(frames):
        assert np.array_equal(frame, samples[t * hop : t * hop + size])


def test_frames_are_copies_of_the_sound():
    samples = np.zeros(10)
    cut_frames(samples, size=4, hop=2)[:] = 1
    assert not samples.any()


@settings(deadline=None)
@given(size=st.integers(2, 64), seed=st.integers(0, 1000))
def test_the_power_spectrum_keeps_the_energy_of_the_windowed_frame(size, seed):
    # Parseval; every column but the first (and, for even sizes, the last) stands for two.
    frames = np.random.default_rng(seed).normal(size=(3, size))
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    twice = np.full(size // 2 + 1, 2.0)
    twice[0] = 1
    if size % 2 == 0:
        twice[-1] = 1
    energy = ((window * frames) ** 2).sum(axis=1)
    assert np.allclose(power_spectrum(frames) @ twice, energy)


@settings(deadline=None)
@given(bands=st.integers(1, 24), size=st.sampled_from([256, 400, 512]))
def test_filters_are_triangles_that_add_up_to_one_between_their_middles(bands, size):
    filters = mel_filters(bands, size=size, rate=RATE)
    assert filters.shape == (bands, size // 2 + 1)
    assert filters.min() >= 0
    assert filters.max() <= 1
    for one in filters:
        support = np.flatnonzero(one)
        assert np.array_equal(support, np.arange(support[0], support[-1] + 1))
        assert (np.diff(one[: one.argmax() + 1]) >= 0).all()
        assert (np.diff(one[one.argmax() :]) <= 0).all()
    middles = mel_to_hertz(np.linspace(0, hertz_to_mel(RATE / 2), bands + 2))[1:-1]
    frequency = np.arange(size // 2 + 1) * RATE / size
    inside = (frequency >= middles[0]) & (frequency <= middles[-1])
    assert np.allclose(filters.sum(axis=0)[inside], 1)


@pytest.mark.parametrize("band", range(20))
def test_a_pure_tone_is_loudest_in_the_band_whose_middle_it_has(band):
    middles = mel_to_hertz(np.linspace(0, hertz_to_mel(RATE / 2), 22))[1:-1]
    features = log_mel(tone(middles[band]), rate=RATE)
    assert (features.argmax(axis=1) == band).all()


def test_ten_times_the_power_adds_the_logarithm_of_ten():
    soft, loud = (log_mel(tone(700, amplitude=a), rate=RATE) for a in (0.3, 0.3 * np.sqrt(10)))
    band = loud[0].argmax()
    assert np.allclose((loud - soft)[:, band], np.log(10), atol=1e-3)


def test_silence_has_the_logarithm_of_the_floor():
    assert np.allclose(log_mel(np.zeros(1000), rate=RATE, floor=1e-3), np.log(1e-3))


def test_log_mel_does_not_change_the_sound():
    samples = tone(440)
    kept = samples.copy()
    log_mel(samples, rate=RATE)
    assert np.array_equal(samples, kept)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"rate": 0}, ValueError, "rate above 0"),
        ({"rate": "fast"}, TypeError, "rate to be a number"),
        ({"rate": RATE, "bands": 0}, ValueError, "bands of at least 1"),
        ({"rate": RATE, "bands": 100}, ValueError, "fewer bands or a larger size: filter"),
        ({"rate": RATE, "size": 1}, ValueError, "size of at least 2"),
        ({"rate": RATE, "hop": 0}, ValueError, "hop of at least 1"),
        ({"rate": RATE, "hop": 1.5}, TypeError, "hop to be a whole number"),
        ({"rate": RATE, "floor": 0}, ValueError, "floor above 0"),
    ],
)
def test_log_mel_refuses_impossible_options(options, error, message):
    with pytest.raises(error, match=message):
        log_mel(tone(440), **options)


@pytest.mark.parametrize(
    ("samples", "error"),
    [(np.zeros((2, 300)), ValueError), ([np.nan] * 300, ValueError), (["a"] * 300, TypeError)],
)
def test_log_mel_refuses_what_is_no_sound(samples, error):
    with pytest.raises(error, match="samples"):
        log_mel(samples, rate=RATE)


def test_the_power_spectrum_refuses_a_single_frame_without_its_axis():
    with pytest.raises(ValueError, match=r"frames of shape \(T, size\), got \(8,\)"):
        power_spectrum(np.zeros(8))
