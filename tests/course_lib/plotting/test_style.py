from itertools import combinations

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from course_lib.plotting import style

# Machado, Oliveira and Fernandes (2009), severity 1.0; they act on linear RGB.
VISION = {
    "full": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
SRGB_TO_XYZ = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
)


def linear(color):
    c = np.array(to_rgb(color))
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def contrast_on_white(color):
    return 1.05 / (linear(color) @ SRGB_TO_XYZ[1] + 0.05)


def seen(color, vision):
    """CIELAB coordinates of a colour as that eye sees it."""
    xyz = SRGB_TO_XYZ @ np.clip(VISION[vision] @ linear(color), 0, 1) / [0.9505, 1, 1.089]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize(
    "color",
    [style.INK, style.MUTED, style.POSITIVE, style.NEGATIVE, style.TRAIN, style.VALIDATION],
)
def test_text_colours_have_a_contrast_of_at_least_4_5_on_white(color):
    assert contrast_on_white(color) >= 4.5


@pytest.mark.parametrize("color", style.CLASS_COLORS)
def test_class_colours_stand_out_from_white(color):
    assert contrast_on_white(color) >= 2.9


@pytest.mark.parametrize("vision", VISION)
def test_class_colours_stay_apart_for_colour_blind_eyes(vision):
    # 2.3 is a just noticeable difference in CIELAB; small marks need several times that.
    for a, b in combinations(style.CLASS_COLORS, 2):
        assert np.linalg.norm(seen(a, vision) - seen(b, vision)) > 14, (a, b)


@pytest.mark.parametrize("vision", VISION)
def test_signs_and_the_first_two_classes_are_far_apart_for_every_eye(vision):
    distance = np.linalg.norm(seen(style.POSITIVE, vision) - seen(style.NEGATIVE, vision))
    assert distance > 50


def test_each_of_ten_classes_has_its_own_colour_and_marker():
    assert len(set(style.CLASS_COLORS)) == len(style.CLASS_COLORS) >= 10
    assert len(set(style.CLASS_MARKERS)) == len(style.CLASS_MARKERS) == len(style.CLASS_COLORS)


def test_the_style_is_used_only_after_it_is_asked_for():
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams["font.size"] = 3
        assert mpl.rcParams["font.size"] == 3
        style.use_style()
        assert mpl.rcParams["font.size"] >= 11
        assert not mpl.rcParams["axes.spines.top"]
        assert mpl.rcParams["figure.constrained_layout.use"]
        assert mpl.rcParams["figure.facecolor"] == "white"


def test_a_styled_figure_has_the_asked_size_and_is_not_kept_by_pyplot():
    with mpl.rc_context():
        figure = style.figure(5, 3)
    assert tuple(figure.get_size_inches()) == (5, 3)
    assert plt.get_fignums() == []


def test_every_setting_of_letters_is_11_points_or_more():
    with mpl.rc_context():
        style.use_style()
        sizes = [v for k, v in mpl.rcParams.items() if k in SIZE_KEYS]
    assert len(sizes) == len(SIZE_KEYS)
    assert min(sizes) >= 11


SIZE_KEYS = {
    "font.size",
    "axes.titlesize",
    "axes.labelsize",
    "xtick.labelsize",
    "ytick.labelsize",
    "legend.fontsize",
}
