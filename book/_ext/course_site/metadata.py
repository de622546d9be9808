"""What a shared link to a page shows: title, description and picture, in Open Graph's words.

The description is the page's first paragraph. Where the site will stand is known from Sphinx's
`html_baseurl` or, without it, from the repository: GitHub Pages gives each one an address. Nothing
of this makes a reader's browser ask anybody.
(Open Graph: https://ogp.me. It wants absolute addresses.)
"""

import html
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

CARD = "_static/social-card.png"
CARD_SIZE = (1200, 630)
CARD_SHOWS = (
    "The title and promise of the book beside one of its demos: the weights of a neuron, and how "
    "many unseen digits it answers rightly, update by update."
)
LONGEST = 200
# Where a paragraph may stand and still be the page's own opening.
OPENINGS = (nodes.document, nodes.section, nodes.container)


def address(config: Config) -> str:
    """Tell where the site will be published, with a slash at the end; empty if nobody knows."""
    if config.html_baseurl:
        return f"{config.html_baseurl.rstrip('/')}/"
    repository = urlsplit(config.html_theme_options.get("repository_url", ""))
    owner, _, name = repository.path.strip("/").partition("/")
    if repository.netloc != "github.com" or not name:
        return ""
    host = f"{owner.lower()}.github.io"
    return f"https://{host}/" if name.lower() == host else f"https://{host}/{name}/"


def opening(doctree: nodes.document | None) -> str:
    """Return the first paragraph of a page as plain text; empty if it has none."""
    for paragraph in doctree.findall(nodes.paragraph) if doctree else ():
        above, parents = paragraph.parent, []
        while above is not None:
            parents.append(above)
            above = above.parent
        if all(isinstance(parent, OPENINGS) for parent in parents):
            return " ".join(paragraph.astext().split())
    return ""


def shorten(text: str, longest: int = LONGEST) -> str:
    """Keep whole sentences up to this many characters; of one that is longer, whole words."""
    kept = ""
    for sentence in re.split(r"(?<=[.?!]) ", text):
        if len(kept) + len(sentence) >= longest:
            break
        kept = f"{kept} {sentence}".lstrip()
    return kept or textwrap.shorten(text, longest, placeholder=" …")


def plain(title: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", title))


def tags(config: Config, page: str, title: str, description: str, *, front: bool) -> Iterator[str]:
    """Yield the meta elements of a page."""
    site = address(config)
    named = {"description": description}
    properties = {
        "og:title": title,
        "og:type": "website" if front else "article",
        "og:site_name": config.html_title,
        "og:description": description,
    }
    if site:
        width, height = CARD_SIZE
        properties |= {
            "og:url": urljoin(site, page),
            "og:image": urljoin(site, CARD),
            "og:image:width": str(width),
            "og:image:height": str(height),
            "og:image:alt": CARD_SHOWS,
        }
    named["twitter:card"] = "summary_large_image" if site else "summary"
    for attribute, values in (("name", named), ("property", properties)):
        for key, value in values.items():
            if value:
                yield f'<meta {attribute}="{key}" content="{html.escape(value)}" />'


def describe(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Add the elements to a page; the landing page has the book's name for its title, once."""
    root = app.config.root_doc
    description = opening(doctree) or opening(app.env.get_doctree(root))
    title = plain(context.get("title", "")) or app.config.html_title
    front = page == root
    if front:
        context["docstitle"] = ""
    found = tags(app.config, f"{page}.html", title, shorten(description), front=front)
    context["metatags"] = "\n    ".join([context.get("metatags", ""), *found])


def describe_front_door(app: Sphinx, exception: Exception | None) -> None:
    """Let the page that only leads to the landing page tell the same: its address is shared too."""
    root = app.config.root_doc
    if exception is not None or app.builder.name != "html" or root == "index":
        return
    title = html.escape(app.config.html_title)
    description = shorten(opening(app.env.get_doctree(root)))
    found = tags(app.config, "", app.config.html_title, description, front=True)
    door = "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8" />',
            f"<title>{title}</title>",
            *found,
            f'<meta http-equiv="refresh" content="0; url={root}.html" />\n</head>',
            f'<body><a href="{root}.html">{title}</a></body>\n</html>\n',
        ]
    )
    path = Path(app.outdir) / "index.html"
    if not path.exists() or path.read_text(encoding="utf-8") != door:
        path.write_text(door, encoding="utf-8")


def setup(app: Sphinx) -> None:
    app.connect("html-page-context", describe)
    # After the pages have got their style sheet: this one needs none.
    app.connect("build-finished", describe_front_door, priority=700)
