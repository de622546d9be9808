"""The few things that our site needs beyond Jupyter Book: each module here is one of them."""

from sphinx.application import Sphinx

from course_site import (
    citations,
    course_map,
    delivery,
    downloads,
    execution,
    finishing,
    handouts,
    icons,
    images,
    mathml,
    metadata,
    terms,
    theme,
    widgets,
)


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect every module to the build."""
    for module in (
        citations,
        execution,
        theme,
        mathml,
        terms,
        widgets,
        course_map,
        delivery,
        downloads,
        handouts,
        icons,
        images,
        metadata,
        finishing,
    ):
        module.setup(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
