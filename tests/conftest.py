"""What all tests share: no deadlines, the exercises' harness, and one browser a process."""

import importlib.util
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import settings

TESTS = Path(__file__).parent
DEMOS = TESTS.parent / "course_lib" / "demos"
CHROMIUM = shutil.which("chromium")

# Tests import the variants and their harness by name; worker processes take this path over.
for folder in (TESTS.parent / "exercises", TESTS / "exercises"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

# A deadline is a time asserted in a test: on a busy machine it fails without a fault.
settings.register_profile("course", deadline=None)
settings.load_profile("course")


@pytest.fixture
def venv(tmp_path):
    """Return a VENV for make that counts as installed and lends the programs of this Python."""
    programs = tmp_path / "venv" / "bin"
    programs.mkdir(parents=True)
    for name in ("python", "ruff", "mypy", "uv", "jupyter-book", "jupytext-config"):
        # A wrapper, no link: a link to an environment's Python leaves its packages behind.
        program = programs / name
        program.write_text(f'#!/bin/sh\nexec "{Path(sys.executable).with_name(name)}" "$@"\n')
        program.chmod(0o755)
    (tmp_path / "venv" / "installed").touch()
    return tmp_path / "venv"


@pytest.fixture(scope="session")
def load_script():
    """Return a function that gives a file of `scripts/` as a module: they are no package."""

    def load(name: str) -> ModuleType:
        path = TESTS.parent / "scripts" / f"{name}.py"
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module  # dataclasses look their module up there
        spec.loader.exec_module(module)
        return module

    return load


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the marks in the same hook
def pytest_collection_modifyitems(items):
    """Give all that concerns a chapter's demo to one worker.

    What a demo shows it learns once a process, which may take half a minute: in two workers the
    same networks were trained twice.
    """
    for item in items:
        folder, name = item.path.parent, item.path.stem
        demo = name.removeprefix("test_").removeprefix("formulas_")
        if folder.name in ("demos", "book") and (DEMOS / f"{demo}.py").exists():
            item.add_marker(pytest.mark.xdist_group(f"demo-{demo}"))


@pytest.fixture(scope="session")
def chromium():
    """Debian's Chromium, driven by Playwright.

    One a process and no second: as long as Playwright's synchronous interface is open, a second
    one believes that it is called from within an event loop, and refuses. That happened when
    pytest-xdist gave the site's tests and Binder's to the same worker.
    """
    if CHROMIUM is None:
        pytest.skip("needs Chromium: sudo apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()
