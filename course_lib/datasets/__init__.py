"""Data that ship with the package: toys drawn on demand, and real or simulated sets as files.

Nothing is downloaded; ``provenance.json`` gives each file's origin, licence and checksum.
"""

from course_lib.datasets.car import Car, sense
from course_lib.datasets.digits import load_digits
from course_lib.datasets.driving import Drive, drive, expert, load_driving
from course_lib.datasets.mel import (
    cut_frames,
    hertz_to_mel,
    log_mel,
    mel_filters,
    mel_to_hertz,
    power_spectrum,
)
from course_lib.datasets.spoken_digits import (
    SpokenDigits,
    SpokenPart,
    load_spoken_clip,
    load_spoken_digits,
)
from course_lib.datasets.text import Vocabulary, load_text
from course_lib.datasets.toy import blobs, circles, moons, noisy_sine, spirals, xor
from course_lib.datasets.track import Track, winding_track

__all__ = [
    "Car",
    "Drive",
    "SpokenDigits",
    "SpokenPart",
    "Track",
    "Vocabulary",
    "blobs",
    "circles",
    "cut_frames",
    "drive",
    "expert",
    "hertz_to_mel",
    "load_digits",
    "load_driving",
    "load_spoken_clip",
    "load_spoken_digits",
    "load_text",
    "log_mel",
    "mel_filters",
    "mel_to_hertz",
    "moons",
    "noisy_sine",
    "power_spectrum",
    "sense",
    "spirals",
    "winding_track",
    "xor",
]
