"""Formulas become MathML when the site is built; see `course_grader.formulas` for the reasons."""

from course_grader import formulas
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)


def to_mathml(node: nodes.Node, latex: str, display: str) -> str:
    """Return a formula as HTML; warn of one that is not understood, and return nothing."""
    try:
        return formulas.to_mathml(latex, display=display)
    except ValueError as error:
        logger.warning("%s", error, location=node)
        return ""


def visit_inline(self: HTML5Translator, node: nodes.math) -> None:
    self.body.append(to_mathml(node, node.astext(), "inline"))
    raise nodes.SkipNode


def visit_block(self: HTML5Translator, node: nodes.math_block) -> None:
    # A formula may scroll on a narrow screen, and then the keyboard must reach it.
    self.body.append(self.starttag(node, "div", CLASS="math", tabindex="0"))
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append(to_mathml(node, node.astext(), "block"))
    self.body.append("</div>")
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
