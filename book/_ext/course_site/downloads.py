"""The notebook that a reader downloads is the one to run: its cells, without our build's outputs.

Outputs of the build point to pictures that only the site has.
"""

import nbformat
from sphinx.application import Sphinx

from course_site.finishing import newer


def clear_outputs(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.format != "html":
        return
    for path in newer(app, "_sources/**/*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        notebook.metadata.pop("widgets", None)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        nbformat.write(notebook, path)


def setup(app: Sphinx) -> None:
    app.connect("build-finished", clear_outputs)
