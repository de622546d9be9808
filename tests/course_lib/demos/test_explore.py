"""The Explorer: frames drawn once, on demand in a kernel and all of them for the site."""

import hashlib
import io
import itertools

import ipywidgets
import numpy as np
import pytest
import traitlets
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from PIL import Image

from course_lib.demos import encode_frame, explore, places_of
from course_lib.demos.widget import FRAMES_VARIABLE


def draw(shade, size="small"):
    figure = Figure(figsize=(2, 1), dpi=50, facecolor=str(shade))
    figure.text(0.1, 0.5, size)
    return figure


def alt(shade, size="small"):
    return f"a {size} rectangle of shade {shade}"


def make(**changes):
    arguments = {"alt": alt, "shade": [0.0, 0.5, 1.0], "size": ["small", "large"], **changes}
    return explore(draw, **arguments)


def ask(explorer, key):
    """Ask as the front end does, and return what it would receive."""
    sent = []
    explorer.send = lambda content, buffers=None: sent.append((content, buffers))
    explorer._handle_custom_msg({"draw": key}, [])
    ((content, buffers),) = sent
    return content, buffers[0]


def test_only_the_first_frame_is_drawn_at_once_and_the_others_when_asked_for_and_kept():
    drawn = []

    def counting(shade):
        drawn.append(shade)
        return draw(shade)

    explorer = explore(counting, alt=alt, shade=[0.0, 0.5, 1.0], start={"shade": 0.5})
    assert drawn == [0.5]
    assert list(explorer.frames) == ["1"]
    for _ in range(2):
        content, picture = ask(explorer, "2")
        assert content == {"key": "2", "alt": alt(1.0)}
        assert picture == encode_frame(draw(1.0))
    assert drawn == [0.5, 1.0]


def test_at_the_sites_build_every_combination_is_written_by_its_hash(tmp_path, monkeypatch):
    monkeypatch.setenv(FRAMES_VARIABLE, str(tmp_path))
    explorer = make()
    assert set(explorer.frames) == {f"{i},{j}" for i in range(3) for j in range(2)}
    for (i, shade), (j, size) in itertools.product(
        enumerate([0.0, 0.5, 1.0]), enumerate(["small", "large"])
    ):
        frame = explorer.frames[f"{i},{j}"]
        content = (tmp_path / frame["src"]).read_bytes()
        assert content == encode_frame(draw(shade, size))
        assert frame["src"] == hashlib.sha256(content).hexdigest()[:20] + ".webp"
        assert frame["alt"] == alt(shade, size)
    assert "picture" not in str(explorer.frames)
    assert explorer._esm == ""


def test_frames_are_written_whole_or_not_at_all(tmp_path, monkeypatch):
    monkeypatch.setenv(FRAMES_VARIABLE, str(tmp_path))
    make()
    assert {path.suffix for path in tmp_path.iterdir()} == {".webp"}


def test_a_frame_has_the_figures_size_and_is_equal_each_time():
    first, second = encode_frame(draw(0.3)), encode_frame(draw(0.3))
    assert first == second
    with Image.open(io.BytesIO(first)) as picture:
        assert picture.size == (100, 50)
        assert picture.format == "WEBP"


def test_axes_stand_still_from_frame_to_frame_whichever_is_drawn_first():
    def labelled(height):
        figure = Figure(figsize=(2, 1), layout="constrained")
        figure.subplots().plot([0, 1], [0, height])
        return figure

    def drawn(places):
        figure = labelled(10000)
        encode_frame(figure, places)
        return places_of(figure)

    first = labelled(1)
    encode_frame(first)
    assert [place.bounds for place in drawn(None)] != [p.bounds for p in places_of(first)]
    assert [p.bounds for p in drawn(places_of(first))] == [p.bounds for p in places_of(first)]

    explorer = explore(labelled, alt=lambda height: "a line", height=[1, 10000])
    _, picture = ask(explorer, "1")
    assert picture == encode_frame(labelled(10000), places_of(first))
    assert picture != encode_frame(labelled(10000))


def test_a_figure_with_more_axes_than_the_first_is_laid_out_on_its_own():
    def panels(count):
        figure = Figure(figsize=(2, 1), layout="constrained")
        figure.subplots(1, count)
        return figure

    first = panels(1)
    encode_frame(first)
    assert encode_frame(panels(2), places_of(first)) == encode_frame(panels(2))


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2, 3], "range"),
        (np.linspace(0, 1, 4), "range"),
        (["a", "b"], "radio"),
        ([False, True], "radio"),
        (list("abcde"), "select"),
    ],
)
def test_the_kind_of_control_follows_from_the_values(values, kind):
    def draw_any(value):
        return Figure(figsize=(1, 1))

    explorer = explore(draw_any, alt=lambda value: f"value {value}", value=values)
    assert explorer.controls[0]["kind"] == kind
    assert len(explorer.controls[0]["options"]) == len(values)


def test_numbers_are_shown_with_a_true_minus_sign_and_numpy_scalars_become_plain():
    explorer = explore(
        lambda tilt: draw(0.5),
        alt=lambda tilt: f"tilt {tilt}",
        tilt=np.array([-0.25, 0.5]),
        labels={"tilt": "the tilt"},
    )
    control = explorer.controls[0]
    assert control["label"] == "the tilt"
    assert [option["text"] for option in control["options"]] == ["\u22120.25", "0.5"]
    assert [type(option["value"]) for option in control["options"]] == [float, float]


def test_every_control_is_a_trait_that_links_with_any_ipywidgets_control():
    explorer = make()
    slider = ipywidgets.SelectionSlider(options=[0.0, 0.5, 1.0])
    ipywidgets.link((slider, "value"), (explorer, "shade"))
    slider.value = 1.0
    assert explorer.shade == 1.0
    explorer.shade = 0.5
    assert slider.value == 0.5
    with pytest.raises(traitlets.TraitError):
        explorer.shade = 0.7


def test_without_scripts_the_first_frame_stands_there_with_its_text():
    data, _ = make()._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    html = data["text/html"]
    assert 'src="data:image/webp;base64,' in html
    assert f'alt="{alt(0.0)}"' in html
    assert 'width="100" height="50"' in html


def test_alternative_text_cannot_break_out_of_its_attribute():
    explorer = explore(draw, alt=lambda shade: '"><script>', shade=[0.0, 0.5])
    assert "<script>" not in explorer.stand_in()


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"shade": [0.5]}, ValueError, "at least two choices for shade"),
        ({"shade": [0.5, 0.5]}, ValueError, "different choices"),
        ({"shade": [0.5, None]}, TypeError, "numbers or texts"),
        ({"labels": {"colour": "c"}}, ValueError, "labels to name one of shade, size"),
        ({"start": {"colour": 1}}, ValueError, "start to name one of"),
        ({"start": {"shade": 0.7}}, ValueError, "start of shade in"),
        ({"play": "colour"}, ValueError, "play to name one of"),
        ({"layout": [1, 2]}, ValueError, "the widget uses that name"),
        ({"alt": lambda shade, size: " "}, ValueError, "alt to return a text"),
        ({"alt": lambda shade, size: None}, ValueError, "alt to return a text"),
    ],
)
def test_a_demo_that_cannot_work_is_refused(changes, error, message):
    with pytest.raises(error, match=message):
        make(**changes)


def test_no_control_and_a_drawing_that_is_no_figure_are_refused():
    with pytest.raises(ValueError, match="at least one control"):
        explore(draw, alt=alt)
    with pytest.raises(TypeError, match="draw to return a Figure"):
        explore(lambda shade: "picture", alt=alt, shade=[0.0, 0.5])


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(2, 4), min_size=1, max_size=3))
def test_keys_enumerate_every_combination_once(lengths):
    choices = {f"c{i}": list(range(n)) for i, n in enumerate(lengths)}
    explorer = explore(
        lambda **_: Figure(figsize=(0.2, 0.2)), alt=lambda **c: f"choices {c}", **choices
    )
    keys = list(explorer.keys_of_all_frames())
    assert len(set(keys)) == len(keys) == np.prod(lengths)
    assert all(explorer.choices(key) == dict(zip(choices, key, strict=True)) for key in keys)
