"""Figures weigh less: a plot has few colours, so 256 of them hold it at a third of the size."""

import io
from pathlib import Path

from PIL import Image
from sphinx.application import Sphinx

from course_site.finishing import newer


def shrink(path: Path) -> None:
    """Rewrite a PNG with a palette, where it is opaque and gets smaller by that."""
    content = path.read_bytes()
    with Image.open(io.BytesIO(content)) as image:
        if image.mode == "P":
            return
        opaque = image.mode == "RGB" or image.convert("RGBA").getextrema()[3][0] == 255
        if not opaque:
            return
        smaller = io.BytesIO()
        palette = image.convert("RGB").quantize(256, dither=Image.Dither.NONE)
        palette.save(smaller, "PNG", optimize=True)
    if smaller.tell() < len(content):
        path.write_bytes(smaller.getvalue())


def shrink_figures(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.format != "html":
        return
    for path in newer(app, "_images/*.png"):
        shrink(path)


def setup(app: Sphinx) -> None:
    app.connect("build-finished", shrink_figures)
