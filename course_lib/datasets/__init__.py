"""Data that ship with the package: toys drawn on demand, and real or simulated sets as files.

Nothing is downloaded; ``provenance.json`` gives each file's origin, licence and checksum.
"""

from course_lib.datasets.digits import load_digits
from course_lib.datasets.toy import blobs, circles, moons, noisy_sine, spirals, xor

__all__ = [
    "blobs",
    "circles",
    "load_digits",
    "moons",
    "noisy_sine",
    "spirals",
    "xor",
]
