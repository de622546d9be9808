"""The ends of what the library promises can be installed; `make versions` runs its tests there."""

import re
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def check_versions(load_script) -> ModuleType:
    return load_script("check_versions")


def lower_bounds() -> dict[str, Version]:
    lines = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["demos"]]
    bounds = {}
    for requirement in map(Requirement, lines):
        (bound,) = (s.version for s in requirement.specifier if s.operator == ">=")
        bounds[requirement.name] = Version(bound)
    return bounds


def test_the_oldest_is_what_the_package_promises_and_can_be_installed(check_versions) -> None:
    oldest = check_versions.PYTHONS[0]
    assert PROJECT["requires-python"] == f">={oldest}"
    found = check_versions.resolve(check_versions.OLDEST, oldest)
    assert {name: Version(found[name]) for name in lower_bounds()} == lower_bounds()
    assert found.keys() >= set(check_versions.TOOLS)


def test_the_newest_of_the_newest_python_can_be_installed(check_versions) -> None:
    newest = [p for p in check_versions.PYTHONS if check_versions.find_python(p)][-1]
    found = check_versions.resolve(check_versions.NEWEST, newest)
    lock = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    (locked,) = re.findall(r"^matplotlib==(\S+)", lock, re.MULTILINE)
    assert Version(found["matplotlib"]) >= Version(locked)
    assert all(Version(found[name]) >= bound for name, bound in lower_bounds().items())


def test_an_interpreter_that_is_not_there_is_not_found(check_versions) -> None:
    assert check_versions.find_python("3.4") is None
