"""Formulas as MathML, for the book's pages and for feedback pages.

Every current browser draws MathML itself. A page thus needs no script and no fonts for its
formulas, shows them at once and without a network, and screen readers get their structure.
"""

import re

from latex2mathml.converter import convert

_NORM_WITH_EXPONENT = re.compile(r"(\\lVert(?:(?!\\[lr]Vert).)*\\rVert)\^", re.DOTALL)


def to_mathml(latex: str, *, display: str) -> str:
    r"""Return a formula as an element for HTML.

    Parameters
    ----------
    latex : str
        Without its delimiters.
    display : {'inline', 'block'}
        In a line of text, or in a paragraph of its own.

    Raises
    ------
    ValueError
        If the formula, or a part of it, is not understood.

    Examples
    --------
    >>> "<msup><mi>x</mi><mn>2</mn></msup>" in to_mathml("x^2", display="inline")
    True
    >>> to_mathml(r"\nonsense", display="inline")
    Traceback (most recent call last):
        ...
    ValueError: cannot convert all of the formula '\\nonsense'
    """
    # The converter knows the rows and columns of align*, and would print those of aligned as &; it
    # would hang the exponent of a norm on the closing bar alone.
    prepared = _NORM_WITH_EXPONENT.sub(r"{\1}^", latex.replace("{aligned}", "{align*}"))
    try:
        mathml = convert(prepared, display=display)
    except Exception as error:  # the converter raises many kinds; all mean a formula to mend
        raise ValueError(f"cannot convert the formula {latex!r}: {error!r}") from None
    # The converter shows an unknown command or a stray & as text and forgives a missing brace.
    bare = latex.replace(r"\{", "").replace(r"\}", "")
    if "\\" in mathml or "<mi>&</mi>" in mathml or bare.count("{") != bare.count("}"):
        raise ValueError(f"cannot convert all of the formula {latex!r}")
    return mathml
