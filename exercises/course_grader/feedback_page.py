"""Feedback pages that load nothing from anywhere and run no script.

nbgrader's page fetches MathJax from a server of somebody else's, which then learns who reads their
grades and when; without a network the formulas stay LaTeX. `FeedbackPage` draws them as MathML.
"""

import re
from html import escape
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from nbconvert.exporters import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode

from course_grader.formulas import to_mathml

# nbgrader's page has no space between the columns of a table, and its formulas are small.
_STYLE = ".rendered_html :is(th, td) { padding: 0.2em 0.8em 0.2em 0 } math { font-size: 115% }"


# In HTML that was parsed and written again, as nbconvert's is, this finds scripts and no more.
_SCRIPT = re.compile(r"<script\b.*?</script>", re.DOTALL)


class _WithFormulas(IPythonRenderer):
    """nbconvert's renderer of Markdown; formulas become MathML, what is none stays as written."""

    def inline_math(self, body: str) -> str:
        """Render a formula in a line of text."""
        return self._formula(body, "inline")

    def block_math(self, body: str) -> str:
        """Render a formula in a paragraph of its own."""
        return self._formula(body, "block")

    def latex_environment(self, name: str, body: str) -> str:
        r"""Render what stands between ``\begin{name}`` and ``\end{name}``."""
        return self._formula(rf"\begin{{{name}}}{body}\end{{{name}}}", "block")

    def _formula(self, latex: str, display: str) -> str:
        try:
            return to_mathml(latex, display=display)
        except ValueError:  # a student may write anything between dollars
            return f"<code>{escape(latex)}</code>"


class FeedbackPage(HTMLExporter):
    """`HTMLExporter` for pages that are complete in themselves.

    Configure it in `nbgrader_config.py`::

        c.GenerateFeedback.exporter_class = "course_grader.feedback_page.FeedbackPage"
    """

    @pass_context
    def markdown2html(self, context: Context, source: str) -> str:
        """Turn Markdown into HTML; a filter of the page's template."""
        attachments = context.get("cell", {}).get("attachments", {})
        renderer = _WithFormulas(escape=False, attachments=attachments, anchor_link_text="")
        return MarkdownWithMath(renderer=renderer).render(source)

    def from_notebook_node(  # type: ignore[override]  # as HTMLExporter's own
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **options: Any
    ) -> tuple[str, dict[str, Any]]:
        """Return the page and what belongs to it; called by nbgrader."""
        page, resources = super().from_notebook_node(nb, resources, **options)
        return _SCRIPT.sub("", page).replace(
            "</head>", f"<style>{_STYLE}</style></head>", 1
        ), resources
