"""Spoken digits: the words zero … nine in many synthetic voices, as sequences of mel features.

Equation: ``x = (features - mean) / std``, a mel band at a time, with mean and std of the training
part.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from course_lib._checks import Array, check_count
from course_lib.datasets._shipped import read_arrays

RATE = 8000


@dataclass(frozen=True, eq=False)
class SpokenPart:
    """The training or the test part of the spoken digits: N words of up to T frames.

    Attributes
    ----------
    x : ndarray of float64, shape (N, T, D)
        Standardized features, a frame every 20 ms, D = 20 mel bands from low to high. Frames past
        a word's length are 0.
    lengths : ndarray of int64, shape (N,)
        Frames of each word, at most T. The state of a recurrent network after the last real frame
        is ``h[np.arange(N), lengths - 1]``.
    y : ndarray of int64, shape (N,)
        The digits that were said.
    voice : ndarray of str, shape (N,)
        Who said it: the name of espeak-ng's voice variant.
    noisy : ndarray of bool, shape (N,)
        Whether white noise was added, at a signal-to-noise ratio of 10 dB.

    Examples
    --------
    >>> part = load_spoken_digits().test
    >>> word = part.x[0, : part.lengths[0]]  # without its padding
    >>> word.shape, part.y[0], str(part.voice[0])
    ((34, 20), np.int64(0), 'm6')
    """

    x: NDArray[np.float64]
    lengths: NDArray[np.int64]
    y: NDArray[np.int64]
    voice: NDArray[np.str_]
    noisy: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class SpokenDigits:
    """Both parts of the spoken digits, and the numbers that standardized them.

    Attributes
    ----------
    train, test : SpokenPart
        No voice is in both; both have the same T.
    mean, std : ndarray of float64, shape (D,)
        Mean and standard deviation of each band's log energy over the training part's frames:
        ``x = (features - mean) / std``, with features from `course_lib.datasets.log_mel`.

    Examples
    --------
    A sound of one's own, made ready for a network that was trained on ``train``:

    >>> from course_lib.datasets import load_spoken_clip, log_mel
    >>> data = load_spoken_digits()
    >>> samples, rate = load_spoken_clip(7)
    >>> x = (log_mel(samples, rate=rate) - data.mean) / data.std
    >>> x.shape
    (24, 20)
    """

    train: SpokenPart
    test: SpokenPart
    mean: NDArray[np.float64]
    std: NDArray[np.float64]


def load_spoken_digits() -> SpokenDigits:
    """Load 1,600 spoken digits; the 12 voices of the test part are not heard in training.

    The speech is synthesized: the program espeak-ng said each word four times in each of 40
    voices, each time in a random one of 7 English accents, at a random speed (120 to 220 words a
    minute) and pitch, with up to 0.1 s of silence before and after. Half of the takes, chosen at
    random, have white noise at 10 dB. Accents, speeds, pitches and noise are drawn alike for both
    parts, so that only the voice is new in the test. Real speech varies far more: a score here says
    nothing of one on people.

    Returns
    -------
    SpokenDigits
        With 28 voices and 1,120 words in ``train``, 12 voices and 480 words in ``test``.

    References
    ----------
    espeak-ng, a formant synthesizer: https://github.com/espeak-ng/espeak-ng. The script is
    ``scripts/datasets/make_spoken_digits.py``. Licence of the data: CC BY 4.0.

    Examples
    --------
    >>> data = load_spoken_digits()
    >>> data.train.x.shape, data.test.x.shape
    ((1120, 51, 20), (480, 51, 20))
    >>> set(data.train.voice) & set(data.test.voice)
    set()
    """
    arrays = read_arrays("spoken_digits")
    low, high = arrays["range"]
    lengths = arrays["lengths"].astype(np.int64)
    held_out = arrays["held_out"][arrays["voices"]]  # (N,)
    features = arrays["frames"] / 255 * (high - low) + low  # (sum of lengths, D)
    learned = features[np.repeat(~held_out, lengths)]
    mean, std = learned.mean(axis=0), learned.std(axis=0)

    def part(chosen: NDArray[np.bool_]) -> SpokenPart:
        x = (features[np.repeat(chosen, lengths)] - mean) / std
        return SpokenPart(
            x=_pad(x, lengths[chosen], lengths.max()),
            lengths=lengths[chosen],
            y=arrays["labels"][chosen].astype(np.int64),
            voice=arrays["names"][arrays["voices"][chosen]],
            noisy=arrays["noisy"][chosen],
        )

    return SpokenDigits(train=part(~held_out), test=part(held_out), mean=mean, std=std)


def load_spoken_clip(digit: int) -> tuple[NDArray[np.float64], int]:
    """Load one of the spoken words as sound, to be played or turned into features.

    Parameters
    ----------
    digit : int
        1, 3, 6 or 7. The word is a noiseless one from the training part of `load_spoken_digits`;
        the speech is synthesized.

    Returns
    -------
    samples : ndarray of float64, shape (n,)
        In [-1, 1].
    rate : int
        Samples a second: 8000.

    Raises
    ------
    ValueError, TypeError
        If there is no clip of `digit`, or it is no whole number.

    Examples
    --------
    >>> from course_lib.datasets import log_mel
    >>> samples, rate = load_spoken_clip(6)
    >>> log_mel(samples, rate=rate).shape
    (22, 20)
    """
    clips = read_arrays("spoken_clips")
    digit = check_count(digit, "load_spoken_clip", "digit", 0)
    if str(digit) not in clips:
        raise ValueError(f"load_spoken_clip expected digit among {', '.join(clips)}, got {digit}")
    return clips[str(digit)] / 32767, RATE


def _pad(frames: Array, lengths: NDArray[np.int64], T: int) -> Array:
    """Turn words one after another, (sum of lengths, D), into rows filled up with 0, (N, T, D)."""
    padded = np.zeros((len(lengths), T, frames.shape[1]))
    padded[np.arange(T) < lengths[:, None]] = frames
    return padded
