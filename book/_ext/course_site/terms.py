"""Terms lead to the glossary: on each chapter's page the first bold use of a term is a link.

Bold words of a chapter are its terms, so nothing has to be marked up: what the glossary lists, as
it is written or in the plural, becomes a link, and stays bold.
"""

from collections.abc import Iterator

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.nodes import make_refnode

from course_site.course_map import WINGS

FOLDERS = {f"book/{wing}" for wing in (*WINGS, "conclusion")}


def is_chapter(docname: str) -> bool:
    return docname.rpartition("/")[0] in FOLDERS


def spellings(text: str) -> Iterator[str]:
    """Yield how the glossary may spell a term: as in the text, or without a plural's ending."""
    term = " ".join(text.replace("\u2019", "'").split()).lower()  # typographic apostrophes
    yield term
    for ending in ("s", "es"):
        if term.endswith(ending):
            yield term.removesuffix(ending)


def listed_terms(env: BuildEnvironment) -> dict[str, tuple[str, str]]:
    """Return page and anchor of each term in a glossary."""
    return {
        name.lower(): (docname, anchor)
        for name, _, kind, docname, anchor, _ in env.get_domain("std").get_objects()
        if kind == "term"
    }


def link_terms(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    if app.builder.format != "html" or not is_chapter(docname):
        return
    terms = listed_terms(app.env)
    linked: set[tuple[str, str]] = set()
    for bold in list(doctree.findall(nodes.strong)):
        places = (terms[term] for term in spellings(bold.astext()) if term in terms)
        place = next(places, None)
        outer = bold.parent
        while outer is not None and not isinstance(outer, nodes.reference | nodes.title):
            outer = outer.parent
        if place and outer is None and place not in linked:
            linked.add(place)
            link = make_refnode(app.builder, docname, *place, bold.deepcopy())
            link["classes"].append("term")
            bold.replace_self(link)


def write_again(_: Sphinx, env: BuildEnvironment) -> list[str]:
    """Name the chapters to write afresh, unread, when other terms are listed than last time."""
    terms = listed_terms(env)
    if getattr(env, "listed_terms", None) == terms:
        return []
    env.listed_terms = terms  # type: ignore[attr-defined]
    return [docname for docname in env.found_docs if is_chapter(docname)]


def setup(app: Sphinx) -> None:
    app.connect("doctree-resolved", link_terms)
    app.connect("env-updated", write_again)
