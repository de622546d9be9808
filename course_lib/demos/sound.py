"""A sound that the reader can play, on a page that asks nobody for anything.

Equation: ``byte length = 44 + 2 * number of samples``, a WAV file of 16 bits a sample.
"""

import base64
import html
import io
import wave

import numpy as np
from numpy.typing import ArrayLike

from course_lib._checks import check_array, check_count


class Sound:
    """A short sound with a play button and a caption; made by `sound`.

    Parameters
    ----------
    wav : bytes
        A WAV file.
    caption : str
        What is heard; it stands above the button and names it for screen readers.

    Examples
    --------
    >>> Sound(b"", "a beep")
    Sound: a beep
    """

    def __init__(self, wav: bytes, caption: str) -> None:
        self.wav = wav
        self.caption = caption

    def _repr_html_(self) -> str:
        # Inside the page itself, so that it also plays from disk, and without a kernel.
        data = base64.b64encode(self.wav).decode()
        caption = html.escape(self.caption)
        return (
            f'<div class="course-sound"><p>{caption}</p>'
            f'<audio controls aria-label="{caption}" style="max-width: 100%" '
            f'src="data:audio/wav;base64,{data}"></audio></div>'
        )

    def __repr__(self) -> str:
        return f"Sound: {self.caption}"


def sound(samples: ArrayLike, *, rate: int, caption: str) -> Sound:
    """Let the reader play a sound.

    Parameters
    ----------
    samples : array_like of shape (n,)
        In [-1, 1]. Keep it to a second or so: the whole sound goes into the page.
    rate : int
        Samples a second, at least 1.
    caption : str
        What is heard.

    Returns
    -------
    Sound

    Raises
    ------
    ValueError, TypeError
        If a sample lies outside of [-1, 1] or is not finite, if `rate` is no count, or if there is
        no caption.

    Examples
    --------
    >>> tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(4000) / 8000)
    >>> len(sound(tone, rate=8000, caption="half a second of 440 Hz").wav)
    8044
    """
    samples = check_array(samples, "sound", "samples", ("n",))
    rate = check_count(rate, "sound", "rate")
    if np.abs(samples).max() > 1:
        raise ValueError(f"sound expected samples in [-1, 1], got {np.abs(samples).max():g}")
    if not isinstance(caption, str) or not caption.strip():
        raise ValueError(f"sound expected a caption, got {caption!r}")
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(np.round(samples * 32767).astype("<i2").tobytes())
    return Sound(file.getvalue(), caption)
