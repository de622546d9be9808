"""The theme's icons without the theme's icon script.

The theme loads 1.5 MB of Font Awesome for some thirty icons. We take the shapes of the icons that
our pages really show from that file and write them as CSS masks, a few kilobytes. They stand
in one picture, side by side: the browser would make a document of its own for each.
(Font Awesome Free icons: CC BY 4.0, https://fontawesome.com/license/free.)
"""

import re
from pathlib import Path
from urllib.parse import quote

import pydata_sphinx_theme
from sphinx.application import Sphinx
from sphinx.util import logging

from course_site.finishing import newer

logger = logging.getLogger(__name__)

SCRIPT = Path("_static/scripts/fontawesome.js")
STYLE = Path("_static/course-icons.css")
# Style words and sizes of Font Awesome, which name no shape.
NOT_ICONS = {"fa-solid", "fa-regular", "fa-brands", "fa-lg", "fa-fw", "fa-sm", "fa-xl"}
SIDE = 640  # of the square into which each shape is fitted
RULES = """\
/* Icons: Font Awesome Free, CC BY 4.0. Written by the site's build. */
:root { --icons: PICTURE; }
[class*="fa-"]:is(i, span) {
  background: currentColor;
  display: inline-block;
  flex: none;
  height: 1em;
  -webkit-mask: var(--icons) calc(-1em * var(--icon)) 0 / COUNTem 1em no-repeat;
  mask: var(--icons) calc(-1em * var(--icon)) 0 / COUNTem 1em no-repeat;
  vertical-align: -0.125em;
  width: 1em;
}
[class*="fa-"].fa-lg { font-size: 1.25em; }
"""


def shapes(code: str) -> dict[str, tuple[str, str, str]]:
    """Find every icon in Font Awesome's script: name → width, height, path."""
    found: dict[str, tuple[str, str, str]] = {}
    entry = r'"?([a-z][a-z0-9-]*)"?:\[(\d+),(\d+),(\[[^\]]*\]),"[0-9a-f]+","([^"]+)"\]'
    for name, width, height, aliases, path in re.findall(entry, code):
        for alias in [name, *re.findall(r'"([a-z-]+)"', aliases)]:
            found.setdefault(alias, (width, height, path))
    return found


def write_icons(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.format != "html" or not any(newer(app, "**/*.html")):
        return
    out = Path(app.outdir)
    theme = Path(pydata_sphinx_theme.__file__).parent / "theme/pydata_sphinx_theme/static"
    known = shapes((theme / "scripts/fontawesome.js").read_text(encoding="utf-8"))
    texts = [path.read_text(encoding="utf-8") for path in out.rglob("*.html")]
    texts += [path.read_text(encoding="utf-8") for path in (theme / "scripts").glob("pydata*.js")]
    attributes = re.findall(r'class="([^"]*\bfa-[^"]*)"', "\n".join(texts))
    used = {word for attribute in attributes for word in attribute.split() if word[:3] == "fa-"}
    squares, rules = [], []
    for name in sorted(used - NOT_ICONS):
        if name[3:] not in known:
            logger.warning("the theme has no icon %s", name)
            continue
        width, height, path = known[name[3:]]
        squares.append(
            f'<svg x="{SIDE * len(squares)}" width="{SIDE}" height="{SIDE}" '
            f'viewBox="0 0 {width} {height}"><path d="{path}"/></svg>'
        )
        rules.append(f".{name} {{ --icon: {len(rules)}; }}\n")
    row = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE * len(squares)} {SIDE}">'
        f"{''.join(squares)}</svg>"
    )
    picture = f'url("data:image/svg+xml,{quote(row)}")'
    rules.insert(0, RULES.replace("PICTURE", picture).replace("COUNT", str(len(squares))))
    (out / STYLE).write_text("".join(rules), encoding="utf-8")
    (out / SCRIPT).write_text("// Icons are drawn by course-icons.css.\n", encoding="utf-8")


def setup(app: Sphinx) -> None:
    app.connect("build-finished", write_icons)
    app.add_css_file("course-icons.css")
