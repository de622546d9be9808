"""Every public name says what it does; every class and function shows it."""

import importlib
import inspect
from collections.abc import Iterator
from types import ModuleType

import pytest

PACKAGES = ["course_lib", "course_lib.datasets", "course_lib.plotting", "course_lib.demos"]


def public(package: str) -> list[tuple[str, object]]:
    """Return the public classes and functions of a package, if what it needs is installed."""
    try:
        module: ModuleType = importlib.import_module(package)
    except ImportError as error:
        # A missing package is no fault of ours; a missing module of our own is.
        if (error.name or "").startswith("course_lib"):
            raise
        return []
    named = [
        (f"{package}.{name}", getattr(module, name)) for name in getattr(module, "__all__", [])
    ]
    return [
        (name, item) for name, item in named if inspect.isclass(item) or inspect.isroutine(item)
    ]


PUBLIC = [pair for package in PACKAGES for pair in public(package)]
names = [name for name, _ in PUBLIC]


def methods(owner: type) -> Iterator[tuple[str, object]]:
    """Yield the public methods and properties that a class of ours defines itself."""
    for name, member in vars(owner).items():
        is_method = inspect.isfunction(member) or isinstance(
            member, (property, classmethod, staticmethod)
        )
        if is_method and not name.startswith("_"):
            yield name, member


def test_there_is_something_to_check():
    assert "course_lib.Dense" in names
    assert "course_lib.train" in names


@pytest.mark.parametrize(("name", "item"), PUBLIC, ids=names)
def test_a_public_name_and_its_methods_have_docstrings(name, item):
    without = [] if (item.__doc__ or "").strip() else [name]
    if inspect.isclass(item):
        without += [f"{name}.{m}" for m, member in methods(item) if not inspect.getdoc(member)]
    assert without == []


@pytest.mark.parametrize(("name", "item"), PUBLIC, ids=names)
def test_a_public_class_or_function_shows_an_example_that_runs(name, item):
    docstring = inspect.cleandoc(item.__doc__ or "")
    assert "\nExamples\n--------\n" in docstring
    assert ">>> " in docstring.split("\nExamples\n--------\n")[1]
