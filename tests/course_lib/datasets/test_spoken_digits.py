import dataclasses

import numpy as np
import pytest

from course_lib.datasets import load_spoken_clip, load_spoken_digits, log_mel


@pytest.fixture(scope="module")
def data():
    return load_spoken_digits()


def test_parts_have_the_documented_shapes_and_types(data):
    for part, N in ((data.train, 1120), (data.test, 480)):
        assert part.x.shape == (N, 51, 20)
        assert part.x.dtype == np.float64
        assert np.isfinite(part.x).all()
        for name in ("lengths", "y"):
            assert getattr(part, name).shape == (N,)
            assert getattr(part, name).dtype == np.int64
        assert part.voice.shape == part.noisy.shape == (N,)
        assert part.noisy.dtype == np.bool_


def test_no_voice_of_the_test_part_is_heard_in_training(data):
    train, test = set(data.train.voice), set(data.test.voice)
    assert len(train) == 28
    assert len(test) == 12
    assert not train & test


def test_no_word_of_the_test_part_sounds_like_one_in_training(data):
    # espeak-ng ignores a voice variant after "en-gb" without a word: many "voices" were one.
    def sounds(part):
        return {word[:length].tobytes() for word, length in zip(part.x, part.lengths, strict=True)}

    assert not sounds(data.train) & sounds(data.test)


@pytest.mark.parametrize("part", ["train", "test"])
def test_each_voice_says_each_digit_four_times_half_of_them_in_noise(data, part):
    part = getattr(data, part)
    for voice in np.unique(part.voice):
        for digit in range(10):
            takes = part.noisy[(part.voice == voice) & (part.y == digit)]
            assert sorted(takes) == [False, False, True, True]


def test_training_features_are_standardized_and_padding_is_zero(data):
    for part in (data.train, data.test):
        real = np.arange(part.x.shape[1]) < part.lengths[:, None]
        assert part.lengths.min() >= 1
        assert not part.x[~real].any()
        if part is data.train:
            assert np.allclose(part.x[real].mean(axis=0), 0)
            assert np.allclose(part.x[real].std(axis=0), 1)
    assert max(data.train.lengths.max(), data.test.lengths.max()) == data.train.x.shape[1]


def test_noise_fills_the_quiet_frames(data):
    quietest = np.where(
        np.arange(51) < data.train.lengths[:, None], data.train.x.mean(axis=2), np.inf
    ).min(axis=1)
    assert quietest[data.train.noisy].min() > np.median(quietest[~data.train.noisy])


def test_a_word_is_recognized_from_its_whole_course_better_than_from_its_average(data):
    """The data reward a model of sequences: nearest class means, on voices never heard."""

    def accuracy(pieces):
        def summarize(part):
            return np.array(
                [
                    np.concatenate([p.mean(0) for p in np.array_split(word[:length], pieces)])
                    for word, length in zip(part.x, part.lengths, strict=True)
                ]
            )

        train, test = summarize(data.train), summarize(data.test)
        means = np.array([train[data.train.y == digit].mean(0) for digit in range(10)])
        nearest = ((test[:, None] - means) ** 2).sum(axis=2).argmin(axis=1)
        return (nearest == data.test.y).mean()

    assert 0.2 < accuracy(1) < 0.6
    assert 0.65 < accuracy(8) < 0.95


def test_parts_are_frozen(data):
    with pytest.raises(dataclasses.FrozenInstanceError):
        data.train.x = None


@pytest.mark.parametrize("digit", [1, 3, 6, 7])
def test_the_features_of_a_clip_are_a_row_of_the_training_part(data, digit):
    """The public feature code, run on the shipped sound, gives the shipped features."""
    samples, rate = load_spoken_clip(digit)
    assert rate == 8000
    assert samples.dtype == np.float64
    assert np.abs(samples).max() <= 1
    x = (log_mel(samples, rate=rate) - data.mean) / data.std
    candidates = np.flatnonzero(
        (data.train.y == digit) & (data.train.lengths == len(x)) & ~data.train.noisy
    )
    differences = [np.abs(data.train.x[i, : len(x)] - x).max() for i in candidates]
    step = (np.log(4) - np.log(1e-4)) / 255 / data.std.min()  # one of 255 levels, generously
    assert min(differences) < step


@pytest.mark.parametrize(
    ("digit", "error", "message"),
    [
        (2, ValueError, "digit among 1, 3, 6, 7, got 2"),
        (-1, ValueError, "digit of at least 0"),
        ("6", TypeError, "digit to be a whole number"),
    ],
)
def test_a_digit_without_a_clip_is_refused(digit, error, message):
    with pytest.raises(error, match=message):
        load_spoken_clip(digit)
