"""Every command that the front door states is run: the cheap ones here, others where it says."""

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = ("README.md", "CONTRIBUTING.md")
COMMAND = re.compile(r"(make [a-z]|\.venv/bin/|\.ci/run|course-grade|nbgrader )")
FILES = ("Makefile", "pyproject.toml", "requirements.txt", "_config.yml", "_toc.yml")
TARGETS = set(re.findall(r"^([a-z-]+):(?!=)", (ROOT / "Makefile").read_text(), re.MULTILINE))

# Costly commands: the file that runs each, and the words by which it does.
CI, WEEKLY = ".ci/run", ".github/workflows/weekly.yml"
ELSEWHERE = {
    "make install": ("Makefile", "check: $(VENV)/installed"),  # so every target below runs it
    "make check": (CI, "run make check"),
    "make oracle": (CI, "run make oracle"),
    "make site": (CI, "run make site"),
    "make test": (CI, "run make test"),
    ".ci/run": (".github/workflows/ci.yml", "run: .ci/run"),
    "make lock": (WEEKLY, "run: make lock"),
    "make pdf": (WEEKLY, "run: make pdf"),
    "make release-exercises": (WEEKLY, "run: make release-exercises"),
    "make screenshots": (WEEKLY, "run: make screenshots"),
    "make versions": (WEEKLY, "run: make versions"),
    "make new-chapter": ("tests/test_new_chapter.py", '"make", "new-chapter"'),
    ".venv/bin/python -m pytest tests/test_repository.py": (CI, "run make test"),
    ".venv/bin/python -m pytest tests/test_repository.py -k left_to_write": (
        "tests/test_new_chapter.py", 'chosen = f"{NAME} or {SLUG} or left_to_write"',
    ),
    "course-grade": ("tests/grading/conftest.py", 'self.run("course-grade"'),
    "nbgrader autograde": ("tests/grading/test_same_scores.py", 'run("nbgrader", "autograde"'),
    # They measure, which says something on a quiet machine only: tests run their parts.
    "make bench": ("tests/test_benchmarks.py", "from benchmarks import __main__"),
    "make bench-site": ("tests/test_benchmarks.py", "from benchmarks import site"),
    "make bench-build": ("tests/test_benchmarks.py", "results"),
    "make bench-grading": ("tests/grading/test_variants.py", "COURSE_GRADE_FULL"),
}  # fmt: skip
HERE = {
    "make help", "make clean", "make format", "make serve", "make lab",
    ".venv/bin/pre-commit install",
    ".venv/bin/python -m pytest tests/test_repository.py -k changelog",
}  # fmt: skip


def stated() -> set[str]:
    """Return the commands of both documents, from code blocks and from between backticks."""
    found: set[str] = set()
    for document in DOCUMENTS:
        text = (ROOT / document).read_text(encoding="utf-8")
        for block in re.findall(r"^ *```(?:bash)?\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE):
            found |= {line.strip() for line in block.splitlines()}
        found |= set(re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL)))
    return {command for command in found if COMMAND.match(command)}


def kind(command: str) -> str:
    """Leave the words out that a reader chooses: settings of make, and the assignment."""
    command = re.sub(r' [A-Z]+=("[^"]*"|\S+)', "", command)
    return re.sub(r"^(course-grade) ASSIGNMENT$", r"\1", command)


def run(folder: Path, *command: object) -> subprocess.CompletedProcess[str]:
    # Below `make test`, make would find itself below another make and report every folder.
    ours = ("PYTEST", "MAKE", "MFLAGS")
    env = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    words = list(map(str, command))
    return subprocess.run(words, cwd=folder, env=env, text=True, capture_output=True, check=False)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Make a folder in which make finds all that it looks for, with next to nothing in it."""
    folder = tmp_path / "checkout"
    for name in ("book", "course_lib", "exercises/source"):
        (folder / name).mkdir(parents=True)
    for name in FILES:
        shutil.copy(ROOT / name, folder)
    return folder


# ---- nothing is stated that is not run


def test_every_stated_command_is_run_somewhere_and_no_other_is_listed() -> None:
    assert {kind(command) for command in stated()} == HERE | ELSEWHERE.keys()


@pytest.mark.parametrize("command", sorted(ELSEWHERE))
def test_a_costly_command_is_run_where_the_table_says(command: str) -> None:
    file, words = ELSEWHERE[command]
    assert words in (ROOT / file).read_text(encoding="utf-8")


def test_make_knows_every_stated_target_and_what_it_would_do(checkout: Path, venv: Path) -> None:
    for command in sorted(stated()):
        tool, *words = shlex.split(command)
        if tool == "make":
            done = run(checkout, "make", "--dry-run", f"VENV={venv}", *words)
            assert done.returncode == 0, command + done.stderr
            assert done.stdout.strip(), command


def test_help_and_the_guide_list_every_target(checkout: Path) -> None:
    done = run(checkout, "make", "help")
    assert done.returncode == 0
    listed = {line.split()[0]: line for line in done.stdout.splitlines()}
    assert listed.keys() == TARGETS
    assert all(re.search(r"\s{2,}\S+ \S+", line) for line in listed.values())
    assert run(checkout, "make").stdout == done.stdout
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `make ([a-z-]+)` \|", guide, re.MULTILINE)) == TARGETS


# ---- the cheap ones


def test_clean_removes_what_was_made_and_nothing_else(checkout: Path) -> None:
    for made in ("_build/html", "course_lib/__pycache__", ".pytest_cache", ".venv/lib/__pycache__"):
        (checkout / made).mkdir(parents=True)
    assert run(checkout, "make", "clean").returncode == 0
    kept = {path.name for path in checkout.iterdir()}
    assert kept == {*FILES, "book", "course_lib", "exercises", ".venv"}
    assert not list((checkout / "course_lib").iterdir())
    assert (checkout / ".venv/lib/__pycache__").exists()


def test_format_puts_a_file_into_the_form_that_check_asks_for(checkout: Path, venv: Path) -> None:
    module = checkout / "course_lib" / "module.py"
    module.write_text("'''One.'''\nimport sys\nimport os\nx = [ sys,os ]\n")
    done = run(checkout, "make", "format", f"VENV={venv}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert module.read_text() == '"""One."""\n\nimport os\nimport sys\n\nx = [sys, os]\n'


def test_serve_serves_the_site_that_was_built(checkout: Path, venv: Path) -> None:
    html = checkout / "_build/html"
    html.mkdir(parents=True)
    (html / "index.html").write_text("<p>The book</p>")
    (checkout / "_build/site").touch()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["make", "serve", f"PORT={port}", f"VENV={venv}"]
    with subprocess.Popen(
        command, cwd=checkout, stdout=subprocess.DEVNULL, start_new_session=True
    ) as server:
        try:
            for _ in range(600):
                with_answer = None
                try:
                    with_answer = urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5)
                    break
                except urllib.error.URLError:
                    assert server.poll() is None, "make serve has ended"
                    time.sleep(0.1)
            assert with_answer is not None, "make serve did not answer"
            with with_answer:
                assert with_answer.read() == b"<p>The book</p>"
        finally:
            os.killpg(server.pid, signal.SIGTERM)


def test_lab_starts_jupyterlab_with_our_settings(checkout: Path, venv: Path) -> None:
    done = run(checkout, "make", "lab", f"VENV={venv}", "LAB=--version")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^\d+\.\d+\.\d+$", done.stdout, re.MULTILINE)
    settings = venv / "etc/jupyter/labconfig/default_setting_overrides.json"
    assert "Jupytext Notebook" in settings.read_text()


def test_the_hooks_can_be_installed(tmp_path: Path) -> None:
    shutil.copy(ROOT / ".pre-commit-config.yaml", tmp_path)
    assert run(tmp_path, "git", "init", "--quiet").returncode == 0
    done = run(tmp_path, sys.executable, "-m", "pre_commit", "install")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / ".git/hooks/pre-commit").exists()


def test_one_test_is_found_by_a_word_of_its_name() -> None:
    words = ["tests/test_repository.py", "-k", "changelog"]
    done = run(ROOT, sys.executable, "-m", "pytest", "-q", *words)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    assert re.search(r"^\d+ passed, \d+ deselected", done.stdout, re.MULTILINE)


def test_course_grade_says_how_it_is_used() -> None:
    done = run(ROOT, Path(sys.executable).with_name("course-grade"), "--help")
    assert done.returncode == 0, done.stderr
    assert "--workers" in done.stdout
