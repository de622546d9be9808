"""What comes after the first network: choosing, regularizing, and seeing, hearing, reading."""

from course_lib.challenges.convolution import Conv2D, convolve_by_loops
from course_lib.challenges.im2col import im2col, output_size
from course_lib.challenges.pooling import MaxPool2D

__all__ = [
    "Conv2D",
    "MaxPool2D",
    "convolve_by_loops",
    "im2col",
    "output_size",
]
