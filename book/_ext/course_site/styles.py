"""One style sheet out of a dozen, without the rules that no page can use.

The theme brings the whole of Bootstrap, sphinx-design its grids, MyST-NB the colours of terminals:
four thousand selectors of classes that no page of ours has. A browser reads them all before it
shows a page, and tries many of them on each element; they were two thirds of the style sheet.
"""

import re
from collections.abc import Iterable, Iterator, Set
from pathlib import Path

import tinycss2
from sphinx.util import logging
from tinycss2.ast import Node

logger = logging.getLogger(__name__)

# In the order in which the pages name them; later rules win.
STYLES = (
    "basic.css",
    "styles/pydata-sphinx-theme.css",
    "pygments.css",
    "styles/sphinx-book-theme.css",
    "togglebutton.css",
    "copybutton.css",
    "mystnb.*.css",
    "course-icons.css",
    "sphinx-design.min.css",
    "course-widgets.css",
    "course.css",
)
# Only imports basic.css, which would be a request after a request; or styles what is not here.
NEEDLESS_STYLES = ("styles/theme.css", "sphinx-thebe.css")

# Two thousand rules that only say which sign of an icon font to draw; we draw none (icons.py).
ICON_RULES = re.compile(
    r'(?<=})(?:\.fa-[\w-]+(?:::?(?:before|after))?,?)+\{(?:--fa|content):\s*"[^{}]*\}'
)
_CLASSES = re.compile(r"""class=\\?["']([^"'\\]*)""")
_SCRIPTS = re.compile(r"<script\b[^>]*>(.*?)</script>", re.DOTALL)
_WORDS = re.compile(r"-?[A-Za-z_][\w-]*")
# What a script continues: `bs-tooltip-${side}`, "quiz-" + kind.
_BEGINNINGS = re.compile(r"""(-?[A-Za-z_][\w-]*-)(?:\$\{|["']\s*\+)""")


def join_styles(static: Path) -> str:
    """Join those style sheets that exist, with addresses that hold from the joint file's place."""
    parts = []
    for pattern in STYLES:
        for path in sorted(static.glob(pattern)):
            folder = path.relative_to(static).parent.as_posix()
            style = path.read_text(encoding="utf-8").replace('@charset "UTF-8";', "")
            style = re.sub(r"""url\((["']?)(?!["'#/]|[a-z]+:)""", rf"url(\g<1>{folder}/", style)
            parts.append(ICON_RULES.sub("", style))
    return "\n".join(parts)


class Vocabulary:
    """The classes that elements of some pages have, or may get from a script.

    Parameters
    ----------
    pages : iterable of str
        The pages' HTML. Their scripts count as scripts.
    scripts : iterable of str
        The code of all scripts. Any word in it may be a class, as may any that begins like a
        string that the code goes on to lengthen.
    """

    def __init__(self, pages: Iterable[str], scripts: Iterable[str]) -> None:
        code = list(scripts)
        self._words: set[str] = set()
        for page in pages:
            for classes in set(_CLASSES.findall(page)):
                self._words.update(classes.split())
            code += _SCRIPTS.findall(page)
        for text in code:
            self._words.update(_WORDS.findall(text))
        self._beginnings = tuple({word for text in code for word in _BEGINNINGS.findall(text)})

    def __contains__(self, name: str) -> bool:
        return name in self._words or name.startswith(self._beginnings)


def selectors(prelude: Iterable[Node]) -> Iterator[tuple[str, Set[str]]]:
    """Yield each selector of a rule, with the classes that an element must have or stand below.

    Classes in parentheses do not count: those of ``:not()`` must be absent, and of those of
    ``:is()`` one is enough.
    """
    part: list[Node] = []
    names: set[str] = set()
    for token in [*prelude, None]:
        if token is None or token == ",":
            yield tinycss2.serialize(part).strip(), names
            part, names = [], set()
            continue
        if token.type == "ident" and part and part[-1] == ".":
            names.add(token.value)
        part.append(token)


def _kept(rules: Iterable[Node], vocabulary: Vocabulary) -> Iterator[str]:
    for rule in rules:
        if rule.type == "qualified-rule":
            kept = [
                selector
                for selector, names in selectors(rule.prelude)
                if all(name in vocabulary for name in names)
            ]
            if kept:
                yield f"{','.join(kept)}{{{tinycss2.serialize(rule.content).strip()}}}"
        elif rule.type == "at-rule" and rule.lower_at_keyword in {"media", "supports"}:
            inner = "\n".join(_kept(_rules(rule.content), vocabulary))
            if inner:
                yield f"@{rule.lower_at_keyword}{tinycss2.serialize(rule.prelude)}{{\n{inner}\n}}"
        elif rule.type == "at-rule":
            yield rule.serialize()
        else:
            logger.warning("a style sheet holds what is no rule: %s", rule.message)


def _rules(style: str | list[Node]) -> list[Node]:
    rules: list[Node] = tinycss2.parse_rule_list(style, skip_comments=True, skip_whitespace=True)
    return rules


def used_rules(style: str, vocabulary: Vocabulary) -> str:
    """Return a style sheet without the selectors that name a class outside the vocabulary.

    What is left looks the same on every page: such a selector matches no element. Whatever a
    selector says besides classes (elements, ids, attributes, states) is taken to be possible.
    """
    return "\n".join(_kept(_rules(style), vocabulary))
