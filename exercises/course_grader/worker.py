"""One submission in, one verdict out: ``grade(job: str) -> str``, both JSON.

Stock nbconvert and nbgrader code does the work: sanitize, execute, determine the grades. This
module gives it a warm kernel and a page of the gradebook, and says in a line what went wrong.
"""

import atexit
import base64
import binascii
import importlib
import json
import logging
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from traitlets.config import Config

from course_grader import canary, schema
from course_grader.parent import KernelLost, Limits, Zygote
from course_grader.preprocessors import REPLACEMENTS, Interruption, WatchedExecute
from course_grader.review import suspicions
from course_grader.snapshot import Snapshot
from course_grader.tidy import changed, missing_and_moved, tidy, untag

_local = threading.local()
_GRADED = "autograde"
_SECONDS = ("kernel", "execution", "cpu of the kernel")


def grade(job: str) -> str:
    """Grade the submission in `job` (`schema.JOB`) and return a `schema.RESULT`.

    Whatever the submission holds, this returns: what cannot be graded carries a one-line reason.

    Raises
    ------
    ValueError
        If the job itself is malformed, which no submission can bring about.
    """
    order = schema.load(job, schema.JOB)
    start, cpu = time.monotonic(), time.thread_time()
    result: dict[str, Any] = {"student": order["student"], "assignment": order["assignment"]}
    result |= {"failure": None, "notebooks": [], "seconds": dict.fromkeys(_SECONDS, 0.0)}
    try:
        for notebook in order["notebooks"]:
            result["notebooks"].append(_grade_notebook(order, notebook, result["seconds"]))
    except Exception as error:
        result["failure"] = f"{notebook['name']}: {reason(error)}"
    spent = result["seconds"]
    spent["other"] = time.monotonic() - start - spent["kernel"] - spent["execution"]
    spent["cpu of the worker"] = time.thread_time() - cpu
    try:
        return schema.dump(result, schema.RESULT)
    except ValueError as error:  # for instance a partial score of NaN
        result |= {"notebooks": [], "failure": reason(error)}
        return schema.dump(result, schema.RESULT)


def reason(error: BaseException) -> str:
    """Say in one line, without control characters, why a submission could not be graded."""
    if isinstance(error, (Interruption, KernelLost)):
        text = str(error)
    elif isinstance(error, UnicodeDecodeError):
        text = f"not a notebook: byte {error.start} is not UTF-8 text"
    elif isinstance(error, json.JSONDecodeError):
        text = f"not a notebook: {error.msg} at line {error.lineno}, column {error.colno}"
    else:
        text = f"{type(error).__name__}: {error}"
    line = next((line for line in text.splitlines() if line.strip()), type(error).__name__)
    return "".join(c if c.isprintable() else "?" for c in line)[:300]


def read_notebook(content: bytes) -> NotebookNode:
    """Return the notebook in a file's bytes, in nbformat 4.

    Raises
    ------
    Interruption
        If the bytes are no notebook, with the reason.
    """
    text = content.decode("utf-8")
    if not text.strip():
        raise Interruption("not a notebook: the file is empty")
    try:
        table = json.loads(text)
    except RecursionError:
        raise Interruption("not a notebook: nested too deeply") from None
    if not isinstance(table, dict):
        raise Interruption(f"not a notebook: a {type(table).__name__} instead of a table")
    if not isinstance(table.get("nbformat"), int):
        raise Interruption("not a notebook: no nbformat number")
    try:
        return nbformat.reads(text, as_version=4)
    except Exception as error:
        raise Interruption(f"not a notebook of any known format: {reason(error)}") from None


def _grade_notebook(
    order: dict[str, Any], notebook: dict[str, Any], seconds: dict[str, float]
) -> dict[str, Any]:
    settings, source = order["settings"], notebook["source"]
    nb = read_notebook(base64.b64decode(notebook["content"]))
    notes = tidy(nb, source)
    more, flags = missing_and_moved(nb, source)
    notes += [*more, *changed(nb, source)]
    flags += untag(nb, source)
    snapshot = Snapshot(source)
    resources = {
        "metadata": {"name": notebook["name"], "path": ""},
        "unique_key": notebook["name"],
        "output_files_dir": f"{notebook['name']}_files",
        "snapshot": snapshot,
        "nbgrader": {
            "student": order["student"],
            "assignment": order["assignment"],
            "notebook": notebook["name"],
            "db_url": "",
        },
    }
    exporter = NotebookExporter(config=Config(settings["config"]))
    with _heard_warnings(exporter) as warnings:
        text, _ = _export(exporter, settings["sanitize"], nb, dict(resources))
        nb = nbformat.reads(text, as_version=4)
        if settings["canaries"]:
            flags += suspicions(nb, source)
        watch = canary.Watch(source, order["given"]) if settings["canaries"] else None
        with _staged(order["files"], settings) as (zygote, stage):

            def prepare(step: Any) -> None:
                if isinstance(step, WatchedExecute):
                    step.zygote, step.stage = zygote, stage
                    step.limits = Limits(**settings["limits"])
                    step.notebook_seconds = settings["notebook_seconds"]
                    step.output_bytes = settings["output_bytes"]
                    step.kernel_env = {"NBGRADER_EXECUTION": _GRADED}
                    step.around = watch.around if watch else None

            text, steps = _export(exporter, settings[_GRADED], nb, dict(resources), prepare)
    timings: dict[str, float] = {}
    for step in steps:
        if isinstance(step, WatchedExecute):
            timings |= {name: round(value, 4) for name, value in step.timings.items()}
            for name, value in step.seconds.items():
                seconds[name] += value
    if watch:
        flags += watch.flags
    return {
        "name": notebook["name"],
        "autograded": text,
        "scores": {name: grade.auto_score for name, grade in snapshot.scores.items()},
        "comments": {name: entry.auto_comment for name, entry in snapshot.comments.items()},
        "flags": flags,
        "notes": [*notes, *warnings],
        "timings": timings,
    }


def _export(
    exporter: NotebookExporter,
    names: list[str],
    nb: NotebookNode,
    resources: dict[str, Any],
    prepare: Any = None,
) -> tuple[str, list[Any]]:
    """Run the named preprocessors on a notebook; return its text and the preprocessors."""
    exporter._preprocessors = []
    exporter.optimistic_validation = bool(names)  # the notebook after the last step, not each
    for name in names:
        module, _, attribute = name.rpartition(".")
        kind = getattr(importlib.import_module(module), attribute)
        kind = REPLACEMENTS.get(kind, kind)
        if kind is not None:
            step = kind(parent=exporter)
            if prepare is not None:
                prepare(step)
            exporter.register_preprocessor(step)
    text, _ = exporter.from_notebook_node(nb, resources)
    return text, exporter._preprocessors


@contextmanager
def _staged(files: dict[str, str], settings: dict[str, Any]) -> Iterator[tuple[Zygote, str | None]]:
    """Lay the submission's data files out where a fork will find them; yield zygote and folder."""
    zygote = _zygote(settings)
    if not files:
        yield zygote, None
        return
    folder = zygote.stage / "files"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        for name, content in files.items():
            path = folder / name
            if ".." in Path(name).parts or Path(name).is_absolute():
                raise Interruption(f"the file name {name!r} leads out of the submission")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(base64.b64decode(content))
        yield zygote, folder.name
    except binascii.Error as error:
        raise Interruption(f"a data file is damaged: {error}") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _zygote(settings: dict[str, Any]) -> Zygote:
    """Return this thread's zygote, started when first needed and again after a failure."""
    wanted = (settings["sandbox"], tuple(settings["packages"]), tuple(settings["visible"]))
    current = getattr(_local, "zygote", None)
    if current is not None and (not current[1].alive or current[0] != wanted):
        current[1].close()
        current = None
    if current is None:
        zygote = Zygote(sandboxed=wanted[0], packages=wanted[1], visible=wanted[2])
        atexit.register(zygote.close)
        current = (wanted, zygote)
        _local.zygote = current
    return current[1]


@contextmanager
def _heard_warnings(exporter: NotebookExporter) -> Iterator[list[str]]:
    """Collect what nbgrader warns of, for the report."""
    heard: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            text = record.getMessage()
            if text.startswith("Attribute 'checksum'"):
                return  # said of every cell with hidden tests; `tidy.changed` knows better
            if len(heard) < 50 and threading.get_ident() == record.thread:
                heard.append(reason(Warning(text)).removeprefix("Warning: "))

    ear = Ear(logging.WARNING)
    exporter.log.addHandler(ear)
    try:
        yield heard
    finally:
        exporter.log.removeHandler(ear)
