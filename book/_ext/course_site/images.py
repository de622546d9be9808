"""Figures weigh less, and keep their place.

A plot has few colours, so 256 of them hold it at a third of the size. Its width and height stand
in the page, so that the text below it need not jump when it arrives.
"""

import io
import re
from pathlib import Path
from urllib.parse import unquote

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


def with_sizes(page: str, folder: Path) -> str:
    """Give the width and height of its file to each figure of a page that has none."""

    def sized(match: re.Match[str]) -> str:
        figure = folder / unquote(match["address"])
        if re.search(r"\s(width|height|style)=", match[0]) or not figure.is_file():
            return match[0]
        with Image.open(figure) as image:
            width, height = image.size
        return f'<img width="{width}" height="{height}"{match["rest"]}'

    return re.sub(r'<img(?P<rest>\b[^>]*\ssrc="(?P<address>[^":]+\.png)"[^>]*>)', sized, page)


def size_figures(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.format != "html":
        return
    for path in newer(app, "**/*.html"):
        page = path.read_text(encoding="utf-8")
        if (sized := with_sizes(page, path.parent)) != page:
            path.write_text(sized, encoding="utf-8")


def setup(app: Sphinx) -> None:
    app.connect("build-finished", shrink_figures)
    app.connect("build-finished", size_figures)
