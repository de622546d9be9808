"""Cells that were copied, split or invented: take their claim away, keep their code, say so.

nbgrader stops the whole batch at such a notebook. A copied or split cell carries the grade id of
the original; as in nbgrader, the last one with an id is the one that counts.
"""

import re
from typing import Any

from nbformat import NotebookNode


def tidy(nb: NotebookNode, source: dict[str, Any]) -> list[str]:
    """Make every claimed grade id unique and known; return what was changed, a line each.

    Parameters
    ----------
    nb : NotebookNode
        The submission, changed in place.
    source : dict
        The instructor's version (`schema.SOURCE`).
    """
    known = {cell["name"] for cell in source["cells"]}
    seen: set[str] = set()
    notes: list[str] = []
    for cell in reversed(nb.cells):
        claim = cell.metadata.get("nbgrader")
        if claim is None:
            continue
        if not isinstance(claim, dict):
            del cell.metadata["nbgrader"]
            notes.append("a cell's nbgrader metadata was not a table: ignored")
            continue
        name = claim.get("grade_id")
        marked = any(claim.get(key) for key in ("grade", "solution", "locked", "task"))
        if not isinstance(name, str) or not name:
            del cell.metadata["nbgrader"]
            if marked:
                notes.append("a marked cell had no grade id: kept as an ordinary cell")
        elif name not in known:
            del cell.metadata["nbgrader"]
            notes.append(f"cell '{name}' is not in the assignment: kept as an ordinary cell")
        elif name in seen:
            del cell.metadata["nbgrader"]
            notes.append(f"cell '{name}' exists more than once (copied or split): the last counts")
        seen.add(name) if isinstance(name, str) else None
    return notes[::-1]


def changed(nb: NotebookNode, source: dict[str, Any]) -> list[str]:
    """Return a note for each locked cell that isn't as it was released (it gets put back).

    A released cell differs from the instructor's by its hidden tests; nbgrader warns of each.
    """
    originals = {cell["name"]: cell["source"] for cell in source["cells"] if cell["locked"]}
    hidden = re.compile(
        r"^[^\S\n]*#+ BEGIN HIDDEN TESTS.*?#+ END HIDDEN TESTS[^\n]*\n?", re.S | re.M
    )
    notes = []
    for cell in nb.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in originals:
            released = hidden.sub("", originals[name])
            if cell.source.strip() not in (originals[name].strip(), released.strip()):
                notes.append(f"the locked cell '{name}' was changed: the original was put back")
    return notes


def untag(nb: NotebookNode, source: dict[str, Any]) -> list[str]:
    """Take away the tag that would have a graded cell skipped, for full points; flag it."""
    flags = []
    for cell in nb.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        tags = cell.metadata.get("tags", [])
        if name in source["grades"] and tags:
            del cell.metadata["tags"]
            if "skip-execution" in tags:
                flags.append(f"the graded cell '{name}' was tagged to be skipped")
    return flags


def missing_and_moved(nb: NotebookNode, source: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Return the notes and the flags that absent and reordered cells of the instructor deserve."""
    present = [
        cell.metadata["nbgrader"]["grade_id"]
        for cell in nb.cells
        if cell.metadata.get("nbgrader", {}).get("grade_id")
    ]
    locked = {cell["name"] for cell in source["cells"] if cell["locked"]}
    notes = [
        f"cell '{cell['name']}' is missing"
        for cell in source["cells"]
        if cell["name"] not in present
    ]
    flags = [
        f"the locked cell '{cell['name']}', which prepares the tests, is missing"
        for cell in source["cells"]
        if cell["name"] in locked
        and cell["name"] not in present
        and cell["name"] not in source["grades"]
    ]
    order = [cell["name"] for cell in source["cells"] if cell["name"] in present]
    if [name for name in present if name in order] != order:
        flags.append("the instructor's cells stand in another order")
    return notes, flags
