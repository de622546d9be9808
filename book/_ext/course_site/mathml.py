"""Formulas become MathML when the site is built.

Every current browser draws MathML itself. A page thus needs no script and no fonts for its
formulas (MathJax would be most of its weight), shows them at once, also without JavaScript, and
screen readers get their structure.
"""

import re

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)

NORM_WITH_EXPONENT = re.compile(r"(\\lVert(?:(?!\\[lr]Vert).)*\\rVert)\^", re.DOTALL)


def to_mathml(node: nodes.Node, latex: str, display: str) -> str:
    # The converter knows the rows and columns of align*, and would print those of aligned as &; it
    # would hang the exponent of a norm on the closing bar alone.
    prepared = NORM_WITH_EXPONENT.sub(r"{\1}^", latex.replace("{aligned}", "{align*}"))
    try:
        mathml = convert(prepared, display=display)
    except Exception as error:  # the converter raises many kinds; all mean a formula to mend
        logger.warning("cannot convert the formula %r: %r", latex, error, location=node)
        return ""
    # The converter shows an unknown command or a stray & as text and forgives a missing brace.
    bare = latex.replace(r"\{", "").replace(r"\}", "")
    if "\\" in mathml or "<mi>&</mi>" in mathml or bare.count("{") != bare.count("}"):
        logger.warning("cannot convert all of the formula %r", latex, location=node)
    return mathml


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
