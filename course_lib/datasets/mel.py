"""Turn sound into what a network can read: a row of log energies, one a mel band, every few ms.

Equation: ``features = log(power @ filters.T + floor)``, with the power spectrum of short frames.
"""

import numpy as np
from numpy.typing import ArrayLike

from course_lib._checks import Array, check_array, check_count, check_positive


def hertz_to_mel(frequency: ArrayLike) -> Array:
    """Return the pitch in mel: ``mel = 2595 * log10(1 + frequency / 700)``.

    Equal steps in mel sound about equally far apart to people; 1000 Hz is 1000 mel.

    Parameters
    ----------
    frequency : array_like of any shape
        In hertz, at least 0.

    Returns
    -------
    ndarray of the same shape

    Raises
    ------
    ValueError, TypeError
        If `frequency` is negative, not finite or no number.

    References
    ----------
    O'Shaughnessy (1987), *Speech Communication: Human and Machine*, p. 150.

    Examples
    --------
    >>> hertz_to_mel([0, 1000, 4000]).round()
    array([   0., 1000., 2146.])
    """
    frequency = check_array(frequency, "hertz_to_mel", "frequency", None)
    if frequency.min() < 0:
        raise ValueError(f"hertz_to_mel expected frequency of at least 0, got {frequency.min()}")
    mel: Array = 2595 * np.log10(1 + frequency / 700)
    return mel


def mel_to_hertz(mel: ArrayLike) -> Array:
    """Return the frequency in hertz: ``frequency = 700 * (10 ** (mel / 2595) - 1)``.

    The inverse of `hertz_to_mel`, with its parameters, result and errors the other way round.

    Examples
    --------
    >>> mel_to_hertz(hertz_to_mel([440.0])).round(6)
    array([440.])
    """
    mel = check_array(mel, "mel_to_hertz", "mel", None)
    if mel.min() < 0:
        raise ValueError(f"mel_to_hertz expected mel of at least 0, got {mel.min()}")
    frequency: Array = 700 * (10 ** (mel / 2595) - 1)
    return frequency


def cut_frames(samples: ArrayLike, *, size: int, hop: int) -> Array:
    """Cut a sound into overlapping frames: frame t is ``samples[t * hop : t * hop + size]``.

    Parameters
    ----------
    samples : array_like of shape (n,)
        At least `size` of them; those after the last whole frame are left out.
    size, hop : int
        Samples in a frame, and from the start of one frame to that of the next; at least 1.

    Returns
    -------
    ndarray of float64, shape (T, size)
        With ``T = 1 + (n - size) // hop``.

    Raises
    ------
    ValueError, TypeError
        If `samples` is too short, not finite or not flat, or a count is not a positive whole
        number.

    Examples
    --------
    >>> cut_frames([0, 1, 2, 3, 4, 5], size=3, hop=2)
    array([[0., 1., 2.],
           [2., 3., 4.]])
    """
    samples = check_array(samples, "cut_frames", "samples", ("n",))
    size = check_count(size, "cut_frames", "size")
    hop = check_count(hop, "cut_frames", "hop")
    if len(samples) < size:
        raise ValueError(f"cut_frames expected at least {size} samples, got {len(samples)}")
    return np.lib.stride_tricks.sliding_window_view(samples, size)[::hop].copy()


def power_spectrum(frames: ArrayLike) -> Array:
    """Return how strong each frequency is: ``power = abs(rfft(w * frames)) ** 2 / size``.

    The Hann window ``w = 0.5 - 0.5 * cos(2 * π * i / size)`` fades a frame out at its ends, so
    that the cut itself adds few frequencies.

    Parameters
    ----------
    frames : array_like of shape (T, size)

    Returns
    -------
    ndarray of float64, shape (T, size // 2 + 1)
        Column k belongs to frequency ``k * rate / size``.

    Raises
    ------
    ValueError, TypeError
        If `frames` does not have two axes of finite numbers.

    References
    ----------
    Harris (1978), "On the use of windows for harmonic analysis with the discrete Fourier
    transform", Proceedings of the IEEE 66(1).

    Examples
    --------
    >>> tone = np.cos(2 * np.pi * 3 * np.arange(16) / 16)  # three turns in the frame
    >>> power_spectrum([tone]).argmax()
    np.int64(3)
    """
    frames = check_array(frames, "power_spectrum", "frames", ("T", "size"))
    size = frames.shape[1]
    w = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    power: Array = np.abs(np.fft.rfft(w * frames)) ** 2 / size
    return power


def mel_filters(bands: int, *, size: int, rate: float) -> Array:
    """Return triangular filters, their middles evenly spaced in mel from 0 Hz to ``rate / 2``.

    Filter b is 0 up to ``edge[b]``, rises to 1 at ``edge[b + 1]`` and falls to 0 at
    ``edge[b + 2]``; so neighbours overlap by half and their sum is 1 between the first and the
    last middle.

    Parameters
    ----------
    bands : int
        Number of filters, at least 1.
    size : int
        Samples in a frame, at least 2.
    rate : float
        Samples a second, above 0.

    Returns
    -------
    ndarray of float64, shape (bands, size // 2 + 1)
        Weights in [0, 1]; column k belongs to frequency ``k * rate / size``.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range, or a filter is so narrow that no frequency falls into it.

    References
    ----------
    Davis and Mermelstein (1980), "Comparison of parametric representations for monosyllabic word
    recognition in continuously spoken sentences", IEEE Transactions on ASSP 28(4).

    Examples
    --------
    >>> mel_filters(3, size=16, rate=8000).round(2)
    array([[0.  , 0.89, 0.17, 0.  , 0.  , 0.  , 0.  , 0.  , 0.  ],
           [0.  , 0.11, 0.83, 0.65, 0.2 , 0.  , 0.  , 0.  , 0.  ],
           [0.  , 0.  , 0.  , 0.35, 0.8 , 0.84, 0.56, 0.28, 0.  ]])
    """
    bands = check_count(bands, "mel_filters", "bands")
    size = check_count(size, "mel_filters", "size", 2)
    rate = check_positive(rate, "mel_filters", "rate")
    edge = mel_to_hertz(np.linspace(0, hertz_to_mel(rate / 2), bands + 2))[:, None]
    frequency = np.arange(size // 2 + 1) * rate / size
    rise = (frequency - edge[:-2]) / (edge[1:-1] - edge[:-2])
    fall = (edge[2:] - frequency) / (edge[2:] - edge[1:-1])
    filters: Array = np.maximum(0, np.minimum(rise, fall))  # (bands, size // 2 + 1)
    empty = np.flatnonzero(filters.sum(axis=1) == 0)
    if empty.size:
        raise ValueError(
            f"mel_filters expected fewer bands or a larger size: filter {empty[0]} of {bands} "
            f"is empty at size {size}"
        )
    return filters


def log_mel(
    samples: ArrayLike,
    *,
    rate: float,
    bands: int = 20,
    size: int = 256,
    hop: int = 160,
    floor: float = 1e-4,
) -> Array:
    """Return the log-mel features: ``features = log(power @ filters.T + floor)``.

    Parameters
    ----------
    samples : array_like of shape (n,)
        The sound, in [-1, 1].
    rate : float
        Samples a second.
    bands, size, hop : int, optional
        See `mel_filters` and `cut_frames`; at 8000 samples a second the defaults are 20 bands and
        frames of 32 ms, one every 20 ms.
    floor : float, optional
        Above 0. Keeps the logarithm of silence finite.

    Returns
    -------
    ndarray of float64, shape (T, bands)

    Raises
    ------
    ValueError, TypeError
        Those of `cut_frames` and `mel_filters`; and if `floor` is not above 0.

    Examples
    --------
    >>> tone = np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)
    >>> features = log_mel(tone, rate=8000)
    >>> features.shape, features.mean(axis=0).argmax()
    ((49, 20), np.int64(4))
    """
    floor = check_positive(floor, "log_mel", "floor")
    filters = mel_filters(bands, size=size, rate=rate)  # (bands, size // 2 + 1)
    power = power_spectrum(cut_frames(samples, size=size, hop=hop))  # (T, size // 2 + 1)
    features: Array = np.log(power @ filters.T + floor)
    return features
