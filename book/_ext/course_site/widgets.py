"""Widgets stay alive on the page: their state is read by a small script that the site brings.

The front ends are the very files that JupyterLab loads; only their last line, the export, goes,
because a page that is opened from disk may load classic scripts but no modules.
"""

import json
import re
import shutil
from pathlib import Path
from typing import Any

from docutils import nodes
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)

DEMOS = Path("course_lib/demos")
FRONT_ENDS = ("explore", "quiz")
EXPORT = "export default { render };"
STATE_TYPE = "application/vnd.jupyter.widget-state+json"
OURS = {"anywidget", "@jupyter-widgets/base"}


def host_script(source: Path) -> str:
    """Join the front ends and the host into one classic script."""
    parts = []
    for name in FRONT_ENDS:
        code = (source / DEMOS / f"{name}.js").read_text(encoding="utf-8")
        if code.count(EXPORT) != 1:
            raise ValueError(f"{name}.js must end with the line {EXPORT!r}")
        parts.append(f"  {name}: (() => {{\n{code.replace(EXPORT, 'return render;')}\n  }})(),")
    host = Path(__file__).with_name("host.js").read_text(encoding="utf-8")
    return host.replace("/* FRONT ENDS */", "\n".join(parts))


def write_assets(app: Sphinx) -> None:
    """Write script and style where Sphinx finds static files and adds a checksum to their URL."""
    if app.builder.format != "html":
        return
    source = Path(app.srcdir)
    assets = Path(app.outdir).parent / "assets"
    shutil.rmtree(assets, ignore_errors=True)
    assets.mkdir(parents=True)
    (assets / "course-widgets.js").write_text(host_script(source), encoding="utf-8")
    shutil.copy(source / DEMOS / "widget.css", assets / "course-widgets.css")
    app.config.html_static_path.append(str(assets))


def add_to_page(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Point the stand-ins to their pictures; give pages with widgets the script and the style."""
    for _, kwargs in NbMetadataCollector.get_js_files(app.env, page).values():
        if kwargs.get("type") == STATE_TYPE:
            refuse_foreign_widgets(page, json.loads(kwargs["body"]))
    body = context.get("body", "")
    if 'class="course-widget"' not in body:
        return
    frames = context["pathto"]("_static/frames/", 1)
    context["body"] = re.sub(r'src="course-frame:', f'src="{frames}', body)
    app.add_js_file("course-widgets.js", loading_method="defer", **{"data-frames": frames})
    app.add_css_file("course-widgets.css")


def refuse_foreign_widgets(page: str, state: dict[str, Any]) -> None:
    for model in state["state"].values():
        if model["model_module"] not in OURS:
            logger.warning(
                "the widget %s from %s would stay dead on the static page; use explore() or quiz()",
                model["model_name"],
                model["model_module"],
                location=page,
            )


def copy_frames(app: Sphinx, exception: Exception | None) -> None:
    """Copy the frames that pages of this build show; leave no frame of an earlier build."""
    if exception is not None or app.builder.format != "html":
        return
    drawn = Path(app.config.nb_execution_cache_path) / "frames"
    target = Path(app.outdir) / "_static" / "frames"
    target.mkdir(parents=True, exist_ok=True)
    wanted: set[str] = set()
    for page in app.env.found_docs:
        for _, kwargs in NbMetadataCollector.get_js_files(app.env, page).values():
            if kwargs.get("type") == STATE_TYPE:
                wanted |= set(re.findall(r'"src": "([0-9a-f]{20}\.webp)"', kwargs["body"]))
    for name in wanted - {path.name for path in target.iterdir()}:
        shutil.copy(drawn / name, target / name)
    for path in target.iterdir():
        if path.name not in wanted:
            path.unlink()


def setup(app: Sphinx) -> None:
    app.connect("builder-inited", write_assets, priority=100)
    # Before myst-nb's own handler (priority 500) adds the state to the page.
    app.connect("html-page-context", add_to_page, priority=400)
    app.connect("build-finished", copy_frames)
