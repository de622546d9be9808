"""Run the library's tests with the oldest and with the newest versions that it promises.

`make versions` calls this. The oldest: each package at the lower bound that `pyproject.toml` states
(`uv pip compile --resolution lowest-direct`), on the oldest Python. The newest: whatever is
released, on the newest Python that this machine has. Each is installed into an environment of its
own, which is removed afterwards. Interpreters are not downloaded: one that is missing is named, and
the nearest one that is here takes its place.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYTHONS = ("3.11", "3.12", "3.13", "3.14")  # the first is that of `requires-python`
# What the tests of the library import, beside the library and its extra `demos`.
TOOLS = ("pytest", "pytest-xdist", "pytest-timeout", "hypothesis", "scipy")
TESTS = ("course_lib", "tests/course_lib")
# An old release may warn of what is newer than itself; the newest may not warn of anything.
OF_OLD = ("-W", "default::DeprecationWarning")


@dataclass(frozen=True)
class End:
    """One end of what is promised: how versions are chosen, and what its tests may overlook."""

    name: str
    resolution: str
    overlooks: tuple[str, ...] = ()


OLDEST = End("oldest", "lowest-direct", OF_OLD)
NEWEST = End("newest", "highest")


def uv(*words: object, text: str = "") -> str:
    """Run uv, which the lock has; what it says on standard error is shown."""
    command = [sys.executable, "-m", "uv", *map(str, words)]
    done = subprocess.run(
        command, cwd=ROOT, input=text, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout


def tools() -> str:
    """Return the requirements of the tests, as `pyproject.toml` states them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = project["optional-dependencies"]["test"]
    return "\n".join(line for line in lines if re.split(r"[<>=\[ ]", line)[0] in TOOLS)


def resolve(end: End, python: str) -> dict[str, str]:
    """Return the version of each package that one end has on a Python."""
    with tempfile.TemporaryDirectory() as folder:
        extra = Path(folder) / "tools.in"
        extra.write_text(tools(), encoding="utf-8")
        # Wheels only: an old source package would test the compiler of this machine.
        listed = uv(
            "pip", "compile", "pyproject.toml", extra, "--extra", "demos", "--quiet",
            "--python-version", python, "--resolution", end.resolution, "--only-binary", ":all:",
            "--no-header", "--no-annotate", "--no-emit-index-url",
        )  # fmt: skip
    return dict(re.findall(r"^([\w.-]+)==(\S+)", listed, re.MULTILINE))


def find_python(python: str) -> str | None:
    """Return an interpreter of this version: one on the path, or one of pyenv's."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    found = [
        shutil.which(f"python{python}"),
        *sorted(pyenv.glob(f"versions/{python}.*/bin/python")),
    ]
    tell = "import sys; print('%d.%d' % sys.version_info[:2])"
    for candidate in filter(None, found):
        # A shim may stand on the path and lead nowhere: only what answers is here.
        asked = subprocess.run([candidate, "-c", tell], capture_output=True, text=True, check=False)
        if asked.stdout.strip() == python:
            return str(candidate)
    return None


def run_tests(end: End, python: str, versions: dict[str, str], workers: str) -> bool:
    """Install versions into a new environment of an interpreter; run the library's tests there."""
    with tempfile.TemporaryDirectory() as folder:
        interpreter = Path(folder) / "bin" / "python"
        uv("venv", "--quiet", "--python", python, folder, "--clear")
        wanted = Path(folder) / "requirements.txt"
        lines = [f"{name}=={version}\n" for name, version in versions.items()]
        wanted.write_text("".join(lines), encoding="utf-8")
        uv("pip", "install", "--quiet", "--no-deps", "--python", interpreter, "-r", wanted)
        # The library as it stands here, and nothing that another environment has.
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [
            interpreter, "-m", "pytest", "-q", "-n", workers, "--dist", "loadgroup",
            "-p", "no:cacheprovider", *end.overlooks, *TESTS,
        ]  # fmt: skip
        return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == 0


def main() -> None:
    """Check both ends, and say for each with what it was checked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", default="auto", help="processes of pytest")
    options = parser.parse_args()
    here = {python: found for python in PYTHONS if (found := find_python(python))}
    for python in PYTHONS:
        if python not in here:
            print(f"Python {python}: not on this machine, left out")
    if not here:
        sys.exit(f"no Python of {', '.join(PYTHONS)} is on this machine")
    passed = True
    for end, python in ((OLDEST, min(here)), (NEWEST, max(here))):
        versions = resolve(end, python)
        shown = ", ".join(f"{name} {versions[name]}" for name in ("numpy", "matplotlib", "pytest"))
        print(f"The {end.name}: Python {python}, {shown}", flush=True)
        right = run_tests(end, here[python], versions, options.workers)
        print(f"The {end.name}: {'passed' if right else 'FAILED'}", flush=True)
        passed = passed and right
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
