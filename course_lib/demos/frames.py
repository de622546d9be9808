"""A frame is a figure as a picture file, named by its content so that it is stored once.

Equation: ``name = sha256(picture)[:20] + ".webp"``.
"""

import hashlib
import io
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox
from PIL import Image

# One canvas for all frames, as it remembers how large each letter and formula is: a new one for
# each would take a quarter longer. (matplotlib leaves its canvas untyped.)
_canvas: Any = FigureCanvasAgg(Figure())


def places_of(figure: Figure) -> list[Bbox]:
    """Return where the axes of a drawn figure stand, in fractions of its width and height.

    Examples
    --------
    >>> figure = Figure()
    >>> _ = figure.add_axes((0.1, 0.2, 0.5, 0.5))
    >>> places_of(figure)[0].extents
    array([0.1, 0.2, 0.6, 0.7])
    """
    return [ax.get_position(original=True) for ax in figure.axes]


def encode_frame(figure: Figure, places: Sequence[Bbox] | None = None) -> bytes:
    """Turn a figure into a WebP picture, always of the same bytes for the same figure.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Drawn at its own size and resolution; no pyplot state is touched.
    places : sequence of Bbox, optional
        Where its axes shall stand, see `places_of`, instead of where its layout engine, if it
        has one, would put them: they don't jump from frame to frame then, and to search for a
        layout takes longer than to draw. Ignored if the figure has another number of axes.

    Returns
    -------
    bytes

    Examples
    --------
    >>> encode_frame(Figure(figsize=(1, 1)))[8:12]
    b'WEBP'
    """
    if places and len(places) == len(figure.axes) and figure.get_layout_engine() is not None:
        figure.set_layout_engine("none")
        for ax, place in zip(figure.axes, places, strict=True):
            ax.set_position(place, which="original")
    figure.set_canvas(_canvas)
    _canvas.figure = figure
    _canvas.draw()
    # The canvas buffer goes straight to WebP: by way of PNG a frame would take thrice as long.
    picture = Image.fromarray(np.asarray(_canvas.buffer_rgba())).convert("RGB")
    file = io.BytesIO()
    # Method 2 takes half the time of 4, the default, for pictures that are a twentieth larger.
    picture.save(file, "WEBP", quality=80, method=2)
    return file.getvalue()


def frame_name(picture: bytes) -> str:
    """Name a picture by its content: the first 20 hexadecimal digits of its SHA-256.

    Examples
    --------
    >>> frame_name(b"")
    'e3b0c44298fc1c149afb.webp'
    """
    return hashlib.sha256(picture).hexdigest()[:20] + ".webp"


def write_once(folder: Path, picture: bytes) -> str:
    """Store a picture in a folder under its name, which is returned; whole or not at all.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_once(Path(folder), b"")
    'e3b0c44298fc1c149afb.webp'
    """
    name = frame_name(picture)
    if not (folder / name).exists():
        folder.mkdir(parents=True, exist_ok=True)
        handle, unfinished = tempfile.mkstemp(dir=folder)
        with os.fdopen(handle, "wb") as file:
            file.write(picture)
        os.chmod(unfinished, 0o644)  # mkstemp makes it private, but a web server must read it
        os.replace(unfinished, folder / name)
    return name
