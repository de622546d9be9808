"""Damaged notebooks, made by seeded mutation: each gets its line, none stops the batch."""

import copy
import json
import os
import random
from collections.abc import Callable
from typing import Any

import nbformat
import pytest

pytestmark = pytest.mark.grading
# The full bank is for `make bench-grading`; a sample of every kind of damage does for each push.
COUNT = 500 if os.environ.get("COURSE_GRADE_FULL") else 40


def truncate(text: str, rng: random.Random) -> bytes:
    return text[: rng.randrange(1, len(text) - 1)].encode()


def flip_bytes(text: str, rng: random.Random) -> bytes:
    content = bytearray(text.encode())
    for _ in range(rng.randrange(1, 20)):
        content[rng.randrange(len(content))] = rng.randrange(256)
    return bytes(content)


def binary(text: str, rng: random.Random) -> bytes:
    return b"\x89PNG\r\n" + rng.randbytes(rng.randrange(1, 5000))


def encoding(text: str, rng: random.Random) -> bytes:
    accented = text.replace("import numpy", "# é\\nimport numpy", 1).replace("\\u00e9", "é")
    return accented.encode(rng.choice(["utf-16", "latin-1", "utf-32"]))


def empty(text: str, rng: random.Random) -> bytes:
    return rng.choice([b"", b" \n", b"\x00" * 100, b"null", b"[]", b"{}", b'"x"', b"3", b"1e999"])


def version(text: str, rng: random.Random) -> bytes:
    notebook = json.loads(text)
    notebook["nbformat"] = rng.choice([0, 1, 5, 99, -3, "4", None, 4.5, True, [4], 10**30])
    if notebook["nbformat"] == 5 and rng.random() < 0.5:
        del notebook["nbformat"]
    return json.dumps(notebook).encode()


def huge(text: str, rng: random.Random) -> bytes:
    return text.encode() + b" " * (rng.randrange(11, 13) << 17)


def deep(text: str, rng: random.Random) -> bytes:
    depth = rng.randrange(20_000, 60_000)
    return b"[" * depth + b"]" * depth


def structure(text: str, rng: random.Random) -> bytes:
    notebook = json.loads(text)
    wrong = rng.choice([None, 3, "x", [], {}, [3], {"a": 1}])
    where = rng.randrange(8)
    cell = rng.choice(notebook["cells"])
    if where == 0:
        notebook["cells"] = wrong
    elif where == 1:
        notebook["cells"][rng.randrange(3)] = wrong
    elif where == 2:
        notebook["metadata"] = wrong
    elif where == 3:
        notebook["metadata"]["kernelspec"] = wrong
    else:
        key = rng.choice(["source", "metadata", "cell_type", "outputs", "execution_count"])
        cell[key] = wrong
        if where == 7:
            cell.pop(key)
    return json.dumps(notebook).encode()


def grade_ids(text: str, rng: random.Random) -> bytes:
    notebook = json.loads(text)
    cells = [c for c in notebook["cells"] if "nbgrader" in c["metadata"]]
    marks = rng.choice(cells)["metadata"]["nbgrader"]
    kind = rng.randrange(5)
    if kind == 0:
        marks.pop("grade_id")
    elif kind == 1:
        marks["grade_id"] = rng.choice(["", None, 7, ["a"], "unknown", {"a": 1}])
    elif kind == 2:
        other = rng.choice(cells)["metadata"]["nbgrader"]
        marks["grade_id"] = other.get("grade_id")
    elif kind == 3:
        marks.pop(rng.choice(["schema_version", "grade", "solution", "locked"]))
    else:
        marks[rng.choice(["points", "grade", "schema_version", "locked"])] = rng.choice(
            [None, "x", -1, 99, [1]]
        )
    return json.dumps(notebook).encode()


KINDS: tuple[Callable[[str, random.Random], bytes], ...] = (
    truncate,
    flip_bytes,
    binary,
    encoding,
    empty,
    version,
    huge,
    deep,
    structure,
    grade_ids,
)
MUST_FAIL = {"truncate", "binary", "empty", "huge", "deep"}


def test_every_damaged_notebook_has_its_line_and_none_stops_the_batch(course: Any) -> None:
    course.submit("aaa honest")
    course.submit("zzz honest")
    text = nbformat.writes(course.answered({}))
    rng = random.Random(8)
    for number in range(COUNT):
        kind = KINDS[number % len(KINDS)]
        course.submit(f"{kind.__name__} {number:03d}", kind(copy.copy(text), rng))
    entries = course.report("--CourseGrade.notebook_mb=1", workers=2)
    assert len(entries) == COUNT + 2
    for student, entry in entries.items():
        if "honest" in student:
            assert (entry["status"], entry["score"]) == ("graded", 3.5)
        elif entry["status"] == "failed":
            assert entry["reason"].isprintable()
            assert len(entry["reason"]) > 20, entry["reason"]
        else:
            assert student.split()[0] not in MUST_FAIL
            assert entry["score"] == 0
