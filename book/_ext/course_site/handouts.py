"""Each chapter's section *Exercise* begins with a link to what students receive.

The zips are made by `scripts/release_exercises.py` when the exercises have changed, and stand
below `_static/exercises/` in the site.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

from course_site.execution import files_hash

SCRIPT = Path("scripts/release_exercises.py")
SOURCES = Path("exercises/source")
CONFIG = Path("exercises/nbgrader_config.py")
PLACE = Path("_static/exercises")


def notebook_of(app: Sphinx, page: str) -> Path | None:
    """Return the exercise notebook of a chapter, if it has one."""
    wing, _, chapter = page.removeprefix("book/").partition("/")
    notebook = Path(app.srcdir) / SOURCES / wing / f"{chapter.replace('-', '_')}.ipynb"
    return notebook if notebook.exists() else None


def link_handout(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Put a line with the download below the heading *Exercise*."""
    notebook = notebook_of(app, page)
    if app.builder.format != "html" or notebook is None:
        return
    for section in doctree.findall(nodes.section):
        title = section[0]
        if title.astext() != "Exercise":
            continue
        archive = f"{notebook.parent.name}.zip"
        link = nodes.reference("", archive, refuri="../" * page.count("/") + f"{PLACE}/{archive}")
        link["classes"].append("course-handout")
        name = nodes.literal("", notebook.name)
        text = nodes.Text(" holds the notebooks of this wing, "), name, nodes.Text(" among them.")
        section.insert(1, nodes.paragraph("", "", nodes.Text("Download: "), link, *text))


def place_handouts(app: Sphinx, exception: Exception | None) -> None:
    root, out = Path(app.srcdir), Path(app.outdir)
    if exception is not None or app.builder.format != "html" or not (root / SCRIPT).exists():
        return
    made = out.parent / "exercises"
    state = files_hash(root, root / SCRIPT, root / CONFIG, root / SOURCES)
    stamp = made / ".made-from"
    if not stamp.exists() or stamp.read_text() != state:
        shutil.rmtree(made, ignore_errors=True)
        command = [sys.executable, str(root / SCRIPT), "--to", str(made)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        stamp.write_text(state)
    shutil.rmtree(out / PLACE, ignore_errors=True)
    shutil.copytree(made, out / PLACE, ignore=shutil.ignore_patterns(".*"))


def setup(app: Sphinx) -> None:
    app.connect("doctree-resolved", link_handout)
    app.connect("build-finished", place_handouts)
