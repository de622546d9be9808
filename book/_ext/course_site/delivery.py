"""What a page asks for before it is shown: one style sheet, no script, its font ahead of need.

The theme and its extensions bring a dozen style sheets and a dozen scripts, one request each, all
of them before the first paint, the search index of the whole book among them. Here the style
sheets become one of the rules that pages use (styles.py), the small scripts become one that waits
for the page, and the index is left to the page that searches.
"""

import hashlib
import re
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util import logging

from course_site.styles import NEEDLESS_STYLES, STYLES, Vocabulary, join_styles, used_rules

logger = logging.getLogger(__name__)

SCRIPTS = (
    "doctools.js",
    "sphinx_highlight.js",
    "clipboard.min.js",
    "copybutton.js",
    "scripts/sphinx-book-theme.js",
    "togglebutton.js",
    "design-tabs.js",
)
SEARCH = ("_static/searchtools.js", "_static/language_data.js", "searchindex.js")
STYLE, SCRIPT, FONT = "course-page.css", "course-page.js", "fonts/course-math.woff2"

MODE = 'document.documentElement.dataset.theme = localStorage.getItem("theme") || "auto";'
THEME_SCRIPT = "scripts/pydata-sphinx-theme.js"
MEASURING = re.compile(
    r"(\w+)\.tabIndex=\1\.scrollWidth>\1\.clientWidth"
    r"\|\|\1\.scrollHeight>\1\.clientHeight\?0:-1"
)
INLINE = re.compile(
    r'<script(?: data-cfasync="false")?>((?:(?!</script>).)*)</script>\n?', re.DOTALL
)
# "auto" would be resolved by a script after the first paint: a flash, and all styles once more.
SETTLED_MODE = """\
{
      const chosen = localStorage.getItem("theme") || "auto";
      const asked = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
      document.documentElement.dataset.theme = chosen === "auto" ? asked : chosen;
    }"""

# A font that comes late makes lines jump. (Files on disk may be used, but not preloaded.)
EARLY_FONT = """
if (location.protocol !== "file:") {
  const font = { rel: "preload", as: "font", type: "font/woff2", crossOrigin: "", href: "FONT" };
  document.head.append(Object.assign(document.createElement("link"), font));
}
"""


def join_scripts(static: Path) -> str:
    """Join those small scripts that exist, and ours; each ends before the next begins."""
    paths = [*(static / name for name in SCRIPTS), Path(__file__).with_name("page.js")]
    return "\n;\n".join(path.read_text(encoding="utf-8") for path in paths if path.exists())


def spare_layout(static: Path) -> None:
    """Let the theme leave the measuring of boxes to our script, see page.js."""
    path = static / THEME_SCRIPT
    script = path.read_text(encoding="utf-8")
    spared = MEASURING.sub(r"courseBox(\1)", script)
    if "courseBox(" not in spared:
        logger.warning("%s no longer measures boxes as delivery.py knows it", THEME_SCRIPT)
    path.write_text(spared, encoding="utf-8")


def element(kind: str, name: str) -> str:
    """Return a pattern of the element that loads a file: a script, a style sheet or a preload."""
    file = re.escape(name).replace(r"\*", '[^/"]*')
    address = rf'"[^"]*{file}(?:\?[^"]*)?"'
    if kind == "script":
        return rf"[ \t]*<script\b[^>]*\bsrc={address}[^>]*></script>\n?"
    return rf'[ \t]*<link\b(?=[^>]*\brel="{kind}")[^>]*\bhref={address}[^>]*>\n?'


def lighten(page: str, root: str, versions: dict[str, str], options: str) -> str:
    """Rewrite a page to load the joint files.

    Parameters
    ----------
    page : str
        The page's HTML.
    root : str
        The way from the page to the site's root, such as ``"../"``.
    versions : dict
        Joint file → checksum of its content, so that no browser keeps an old one.
    options : str
        The script `documentation_options.js`, a few lines that inline scripts build upon.
    """
    head, end, body = page.partition("</head>")
    for name in (*STYLES, *NEEDLESS_STYLES):
        head = re.sub(element("stylesheet", f"/{name}"), "", head)
    for name in (*SCRIPTS, "documentation_options.js", "scripts/fontawesome.js"):
        head = re.sub(element("script", f"/{name}"), "", head)
    head = re.sub(element("preload", ".js"), "", head)
    searches = 'id="search-results"' in body
    for name in SEARCH:
        later = (lambda m: m[0].replace("<script", "<script defer")) if searches else ""
        head = re.sub(element("script", name), later, head)
    # Inline scripts wait for the style sheets before them, so they go first.
    inline = re.findall(INLINE, head)
    code = "\n".join([options, *inline]).replace(MODE, SETTLED_MODE)
    if "<math" in body:
        code += EARLY_FONT.replace("FONT", f"{root}_static/{FONT}")
    start = [
        f"<script>{code}</script>",
        f'<link rel="stylesheet" href="{root}_static/{STYLE}?v={versions[STYLE]}" />',
        f'<script defer src="{root}_static/{SCRIPT}?v={versions[SCRIPT]}"></script>',
    ]
    head = re.sub(INLINE, "", head).replace("</title>", "\n".join(["</title>", *start]), 1)
    return head + end + body


def renewed(page: str, versions: dict[str, str]) -> str:
    """Rewrite a page that loads the joint files to load their present versions."""
    for name, version in versions.items():
        page = re.sub(rf"(/{re.escape(name)}\?v=)\w+", rf"\g<1>{version}", page)
    return page


def deliver(site: Path) -> None:
    """Write the joint files of a built site, and let its pages load them."""
    static = site / "_static"
    spare_layout(static)
    texts = {
        path: path.read_text(encoding="utf-8")
        for path in site.rglob("*.html")
        if static not in path.parents
    }
    script = join_scripts(static)
    (static / SCRIPT).write_text(script, encoding="utf-8")
    scripts = [path.read_text(encoding="utf-8") for path in static.rglob("*.js")]
    style = used_rules(join_styles(static), Vocabulary(texts.values(), scripts))
    (static / STYLE).write_text(style, encoding="utf-8")
    versions = {
        name: hashlib.sha256(content.encode()).hexdigest()[:8]
        for name, content in ((STYLE, style), (SCRIPT, script))
    }
    options = (static / "documentation_options.js").read_text(encoding="utf-8")
    for path, page in texts.items():
        if "</head>" not in page:
            continue
        if f"/{STYLE}?v=" in page:
            delivered = renewed(page, versions)
        else:
            root = "../" * (len(path.relative_to(site).parts) - 1)
            delivered = lighten(page, root, versions, options)
        if delivered != page:
            path.write_text(delivered, encoding="utf-8")


def deliver_pages(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and app.builder.format == "html":
        deliver(Path(app.outdir))


def setup(app: Sphinx) -> None:
    # After the icons' style sheet is written, before the build counts as finished.
    app.connect("build-finished", deliver_pages, priority=600)
