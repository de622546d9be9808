"""Imports run one way, and `import course_lib` needs NumPy alone."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import course_lib

ROOT = Path(course_lib.__file__).parent
WINGS = ("architecture", "training", "mathematics", "challenges", "demos")
FIGURES = {"matplotlib", "ipywidgets", "anywidget"}
MODULES = sorted(ROOT.rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """Yield the full name of every module that a file imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            # Absolute imports only, so that a name can be read without counting dots.
            assert node.level == 0, f"{path.name}, line {node.lineno}: relative import"
            assert node.module is not None
            yield node.module
            # `from course_lib import training` imports a wing as well.
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(path: Path) -> str:
    parts = path.relative_to(ROOT).parts
    return parts[0] if len(parts) > 1 else ""


def breaches(path: Path, of: str) -> list[str]:
    """Return the imports that a module of the room `of` may not have."""
    found = []
    for name in imported(path):
        package, _, rest = name.partition(".")
        target = rest.split(".")[0] if package == "course_lib" else None
        if package in FIGURES and of not in ("plotting", "demos"):
            found.append(name)
        if target in WINGS and (
            of in ("datasets", "plotting")
            or (of in WINGS and WINGS.index(target) > WINGS.index(of))
        ):
            found.append(name)
        # `from course_lib import Dense` would import every wing: wings name the module they mean.
        if name == "course_lib" and of in (*WINGS[:-1], "datasets", "plotting"):
            found.append(name)
        if target in ("plotting", "demos") and of in ("", *WINGS[:-1], "datasets"):
            found.append(name)
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_one_way(path):
    assert breaches(path, room(path)) == []


@pytest.mark.parametrize(
    ("of", "code"),
    [
        ("architecture", "from course_lib.training.losses import Loss"),
        ("training", "import course_lib.mathematics.autodiff"),
        ("training", "def f():\n    from course_lib import challenges"),
        ("mathematics", "from course_lib import Dense"),
        ("challenges", "import matplotlib.pyplot as plt"),
        ("challenges", "from course_lib.plotting import style"),
        ("datasets", "from course_lib.architecture import Dense"),
        ("plotting", "from course_lib.training import accuracy"),
        ("", "from course_lib.demos import explore"),
    ],
)
def test_an_import_against_the_direction_would_be_found(tmp_path, of, code):
    path = tmp_path / "module.py"
    path.write_text(code, encoding="utf-8")
    assert breaches(path, of)


@pytest.mark.parametrize(
    ("of", "code"),
    [
        ("challenges", "from course_lib.architecture.layers import Layer"),
        ("demos", "import matplotlib\nfrom course_lib import Dense"),
        ("plotting", "from matplotlib.axes import Axes\nfrom course_lib._checks import Array"),
        ("training", "from course_lib._checks import check_array\nimport numpy as np"),
    ],
)
def test_an_import_along_the_direction_is_allowed(tmp_path, of, code):
    path = tmp_path / "module.py"
    path.write_text(code, encoding="utf-8")
    assert breaches(path, of) == []


def loaded_by(statement: str) -> set[str]:
    """Return the modules that a statement loads in a fresh interpreter."""
    # -I -S: no hooks of site-packages that load modules of their own before the first line.
    program = (
        "import json, sys; sys.path[:0] = json.loads(sys.argv[1]); before = set(sys.modules);"
        f"{statement}; print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program, json.dumps(sys.path)],
        capture_output=True,
        check=True,
        text=True,
        timeout=120,
    )
    return set(json.loads(done.stdout))


def test_importing_course_lib_loads_numpy_and_the_standard_library_only():
    loaded = loaded_by("import course_lib")
    assert "course_lib.training.loop" in loaded
    # NumPy's compiled parts bring modules that are not named after it.
    strangers = {
        name.partition(".")[0] for name in loaded - loaded_by("import numpy, numpy.random")
    }
    assert strangers - set(sys.stdlib_module_names) <= {"course_lib", "numpy"}
    assert not {name for name in loaded if name.split(".")[1:2] in (["plotting"], ["demos"])}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_short_enough_to_read_at_one_sitting(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 250


def test_every_public_name_can_be_imported_from_the_top_once():
    assert len(course_lib.__all__) == len(set(course_lib.__all__))
    for name in course_lib.__all__:
        assert hasattr(course_lib, name)
