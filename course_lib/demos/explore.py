"""The one interactive component: a picture that follows its controls, with or without a kernel.

Equation: ``picture = draw(**choices)``; a demo is that pure function and the lists of choices.
"""

import base64
import html
import io
import itertools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import traitlets
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox
from PIL import Image

from course_lib.demos.controls import Value, make_control, plain_value
from course_lib.demos.frames import encode_frame, places_of, write_once
from course_lib.demos.widget import CourseWidget, frames_folder

Key = tuple[int, ...]


class Explorer(CourseWidget):
    """Controls and a picture; made by `explore`.

    Every control is also a trait of the same name that holds the chosen value, so
    ``ipywidgets.link((slider, "value"), (explorer, "rate"))`` works in both directions.

    Parameters
    ----------
    draw : callable
        ``draw(**choices)`` returns a matplotlib `Figure`; pure, and of one size for all choices.
    alt : callable
        ``alt(**choices)`` returns the text that says what the picture shows.
    controls : list of dict
        ``name``, ``label``, ``kind`` and ``options`` (``value`` and ``text`` each).
    start : dict
        The value of each control at first.
    play : str
        Name of the control that the play button moves; empty for no button.

    Examples
    --------
    >>> demo = explore(lambda n: Figure(figsize=(1, 1)), alt=lambda n: f"{n} points", n=[1, 2])
    >>> demo
    Explorer(n)
    >>> demo.describe([1])
    '2 points'
    """

    kind = "explore"
    _esm: Any = Path(__file__).with_name("explore.js")
    _css: Any = Path(__file__).with_name("widget.css")

    controls: Any = traitlets.List().tag(sync=True)
    frames: Any = traitlets.Dict().tag(sync=True)
    frame_size: Any = traitlets.List().tag(sync=True)
    player = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        draw: Callable[..., Figure],
        alt: Callable[..., str],
        controls: list[dict[str, Any]],
        start: Mapping[str, Value],
        play: str,
    ) -> None:
        self._draw = draw
        self._alt = alt
        self._pictures: dict[Key, bytes] = {}
        self._places: list[Bbox] | None = None
        self._values = {c["name"]: [option["value"] for option in c["options"]] for c in controls}
        self.add_traits(
            **{
                name: traitlets.Enum(values, default_value=start[name]).tag(sync=True)
                for name, values in self._values.items()
            }
        )
        first: Key = tuple(values.index(start[name]) for name, values in self._values.items())
        self._first = first
        folder = frames_folder()
        keys = [first] if folder is None else list(self.keys_of_all_frames())
        frames = {self._join(key): self._frame(key, folder) for key in keys}
        with Image.open(io.BytesIO(self.picture(first))) as picture:
            size = list(picture.size)
        super().__init__(controls=controls, frames=frames, frame_size=size, player=play)
        self.on_msg(self._answer)

    def keys_of_all_frames(self) -> "itertools.product[Key]":
        """Iterate over all combinations of the controls' positions."""
        return itertools.product(*(range(len(values)) for values in self._values.values()))

    def choices(self, key: Sequence[int]) -> dict[str, Value]:
        """Return the value of each control at the positions `key`."""
        return {
            name: values[i] for (name, values), i in zip(self._values.items(), key, strict=True)
        }

    def picture(self, key: Sequence[int]) -> bytes:
        """Draw the frame at the positions `key`, once; later calls return the same bytes.

        The axes stand where they stand in the first frame, whichever frame is asked for first.
        """
        key = tuple(key)
        if key not in self._pictures:
            if key != self._first:
                self.picture(self._first)
            figure = self._draw(**self.choices(key))
            if not isinstance(figure, Figure):
                raise TypeError(f"explore expected draw to return a Figure, got {figure!r}")
            self._pictures[key] = encode_frame(figure, self._places)
            if key == self._first:
                self._places = places_of(figure)
        return self._pictures[key]

    def describe(self, key: Sequence[int]) -> str:
        """Return the alternative text of the frame at the positions `key`."""
        text = self._alt(**self.choices(key))
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"explore expected alt to return a text, got {text!r}")
        return text

    def stand_in(self) -> str:
        """Return the first frame as a plain picture."""
        frame = self.frames[self._join(self._first)]
        if "src" in frame:
            source = f"course-frame:{frame['src']}"  # the site's build knows the page's depth
        else:
            source = "data:image/webp;base64," + base64.b64encode(frame["picture"]).decode()
        width, height = self.frame_size
        return (
            f'<img src="{source}" alt="{html.escape(frame["alt"])}" '
            f'width="{width}" height="{height}">'
        )

    def _frame(self, key: Key, folder: Path | None) -> dict[str, Any]:
        picture = self.picture(key)
        alt = self.describe(key)
        if folder is None:
            return {"alt": alt, "picture": picture}
        return {"alt": alt, "src": write_once(folder, picture)}

    def _answer(self, _: Any, message: Any, buffers: Any) -> None:
        """Draw the frame that the front end asks for, and send it."""
        key = tuple(int(i) for i in message["draw"].split(","))
        self.send({"key": message["draw"], "alt": self.describe(key)}, [self.picture(key)])

    @staticmethod
    def _join(key: Key) -> str:
        return ",".join(map(str, key))

    def __repr__(self) -> str:
        return f"Explorer({', '.join(self._values)})"


def explore(
    draw: Callable[..., Figure],
    *,
    alt: Callable[..., str],
    labels: Mapping[str, str] | None = None,
    start: Mapping[str, Value] | None = None,
    play: str | None = None,
    **choices: Sequence[Any],
) -> Explorer:
    """Let the reader move the arguments of a drawing function.

    Parameters
    ----------
    draw : callable
        ``draw(**choices)`` returns a `matplotlib.figure.Figure`. It must be pure: the same
        choices give the same picture, of one size for all choices.
    alt : callable
        ``alt(**choices)`` returns the text that says what the picture shows, for readers who
        do not see it.
    labels : mapping, optional
        What the page calls a control, by its name; the name itself by default.
    start : mapping, optional
        The value of a control at first; the first of its list by default.
    play : str, optional
        Name of the control that a play button steps through.
    **choices : sequence
        By the names of `draw`'s arguments, the values that each may take. Numbers make a
        slider; up to four texts or truth values make radio buttons, more make a menu.

    Returns
    -------
    Explorer
        Alive in JupyterLab (frames are drawn when asked for) and on the static page (the
        site's build draws all of them).

    Raises
    ------
    ValueError, TypeError
        If a control has fewer than two choices, equal ones, or ones that are neither numbers
        nor texts; if `labels`, `start` or `play` name no control; if a name is taken by the widget.

    Examples
    --------
    >>> def draw(width):
    ...     return Figure(figsize=(width, 1))
    >>> demo = explore(draw, alt=lambda width: f"{width} inches of nothing", width=[1, 2])
    >>> demo.width
    1
    """
    if not choices:
        raise ValueError("explore expected at least one control, got none")
    labels, start = labels or {}, start or {}
    for argument, names in (("labels", labels), ("start", start), ("play", [play] if play else [])):
        for name in names:
            if name not in choices:
                raise ValueError(
                    f"explore expected {argument} to name one of {', '.join(choices)}, got {name}"
                )
    for name in choices:
        if hasattr(Explorer, name):
            raise ValueError(f"explore cannot name a control {name!r}: the widget uses that name")
    controls = [
        make_control(name, values, labels.get(name, name.replace("_", " ")))
        for name, values in choices.items()
    ]
    first = {}
    for control in controls:
        name, values = control["name"], [option["value"] for option in control["options"]]
        first[name] = plain_value(start.get(name, values[0]))
        if first[name] not in values:
            raise ValueError(f"explore expected start of {name} in {values}, got {first[name]}")
    return Explorer(draw, alt, controls, first, play or "")
