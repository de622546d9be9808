"""Corrections to what the theme and Jupyter Book put on every page."""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

from course_site.finishing import newer


def drop_thebe(app: Sphinx) -> None:
    """Disconnect sphinx-thebe, which Jupyter Book always loads.

    It would run cells on an outside server, and its settings, declared once a build and once
    more by the theme's own copy of it, are a script error on every page.
    """
    for name, listeners in app.events.listeners.items():
        app.events.listeners[name] = [
            listener for listener in listeners if listener.handler.__module__ != "sphinx_thebe"
        ]
    app.registry.css_files[:] = [f for f in app.registry.css_files if f[0] != "sphinx-thebe.css"]


def follow_the_readers_mode(app: Sphinx, config: Config) -> None:
    """Start in light or dark as the reader's system asks; unset, the theme logs an error."""
    config.html_context.setdefault("default_mode", "auto")


def name_the_book(app: Sphinx, config: Config) -> None:
    """Write the book's name beside its logo on every page, whatever the page's own title is."""
    config.html_theme_options.setdefault("logo", {}).setdefault("text", config.html_title)


def mend_body(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Make citations items of their list (their own role is valid on <li> only); be in no haste.

    Figures below the first view are loaded when the reader comes near.
    """
    if "body" in context:
        body = context["body"].replace('role="doc-biblioentry"', 'role="listitem"')
        context["body"] = body.replace("<img ", '<img loading="lazy" ')


def mend_pages(app: Sphinx, exception: Exception | None) -> None:
    """Make the sidebar a landmark with the book's name in it, and name the arrows of its tree."""
    if exception is not None or app.builder.format != "html":
        return
    nameless = '<summary><span class="toctree-toggle"'
    named = nameless.replace("<summary>", '<summary aria-label="Pages below this one">')
    sidebar = re.compile(r'(<div id="pst-primary-sidebar" class="[^"]*")>')
    for path in newer(app, "**/*.html"):
        page = path.read_text(encoding="utf-8")
        mended = sidebar.sub(r'\1 role="region" aria-label="Contents of the book">', page)
        mended = mended.replace(nameless, named)
        if mended != page:
            path.write_text(mended, encoding="utf-8")


def setup(app: Sphinx) -> None:
    app.connect("config-inited", follow_the_readers_mode)
    app.connect("config-inited", name_the_book)
    # Before the builder reads the registry's files.
    app.connect("builder-inited", drop_thebe, priority=1)
    app.connect("html-page-context", mend_body)
    app.connect("build-finished", mend_pages)
