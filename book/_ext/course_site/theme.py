"""Corrections to what the theme and Jupyter Book put on every page."""

from sphinx.application import Sphinx
from sphinx.config import Config


def drop_thebe(app: Sphinx) -> None:
    """Disconnect sphinx-thebe, which Jupyter Book always loads.

    It would run cells on an outside server, and its settings, declared once a build and once
    more by the theme's own copy of it, are a script error on every page.
    """
    for name, listeners in app.events.listeners.items():
        app.events.listeners[name] = [
            listener for listener in listeners if listener.handler.__module__ != "sphinx_thebe"
        ]
    for listener in ("sphinx-thebe.js", "sphinx-thebe.css"):
        app.registry.js_files[:] = [f for f in app.registry.js_files if f[0] != listener]
        app.registry.css_files[:] = [f for f in app.registry.css_files if f[0] != listener]


def follow_the_readers_mode(app: Sphinx, config: Config) -> None:
    """Start in light or dark as the reader's system asks; unset, the theme logs an error."""
    config.html_context.setdefault("default_mode", "auto")


def setup(app: Sphinx) -> None:
    app.connect("config-inited", follow_the_readers_mode)
    # Before the builder reads the registry's files.
    app.connect("builder-inited", drop_thebe, priority=1)
