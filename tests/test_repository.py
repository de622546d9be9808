"""Promises of the repository as a whole: its front door, its lock, and what no file may hold."""

import ast
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
FRONT = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]
REGISTRIES = re.compile(
    r"\b(pypi\.org|pythonhosted\.org|anaconda\.(org|com)|npmjs\.(org|com)|yarnpkg\.com|crates\.io"
    r"|proxy\.golang\.org|download\.pytorch\.org|(registry|index)[\w.-]*\.docker\.(io|com)"
    r"|ghcr\.io|quay\.io)\b"
)
MACHINE_PATHS = re.compile(r"(?<![\w.~<>$}*-])/(root|work|Users/\w+|home/\w+)/[\w.-]")
PROMPT = re.compile(r"\bTo write: [^\"|]*")
PICKLE_NAMES = {".pkl", ".pickle", ".joblib", ".pt", ".pth", ".npy"}
PICKLE_STARTS = tuple(bytes([0x80, protocol]) for protocol in range(2, 6))


@pytest.fixture(scope="module")
def tracked_files() -> list[Path]:
    """Every file of the repository; whoever owns the folder (git asks), but only by git."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    if "CI" not in os.environ and not (shutil.which("git") and (ROOT / ".git").exists()):
        pytest.skip("needs git and a checkout")
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in names.split("\0") if name and (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def texts(tracked_files: list[Path]) -> dict[str, str]:
    """Every text file of the repository, by its path."""
    found = {}
    for path in tracked_files:
        content = path.read_bytes()
        if b"\0" not in content and not content.startswith(PICKLE_STARTS):
            found[_name(path)] = content.decode()
    return found


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def _code(markdown: str) -> list[str]:
    """Return the code of a Markdown text: fenced blocks, then what stands between backticks."""
    fenced = re.findall(r"^```\w*\n(.*?)^```", markdown, re.DOTALL | re.MULTILINE)
    rest = re.sub(r"^```.*?^```", "", markdown, flags=re.DOTALL | re.MULTILINE)
    return fenced + re.findall(r"`([^`\n]+)`", rest)


# ---- the front door


def test_the_first_code_of_the_readme_is_two_commands() -> None:
    block = _code((ROOT / "README.md").read_text())[0]
    assert block.splitlines() == ["make site", "make test"]


def test_the_python_of_the_readme_prints_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    readme = (ROOT / "README.md").read_text()
    (code,) = re.findall(r"^```python\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)
    exec(compile(code, "README.md", "exec"), {})
    said = re.findall(r"print\(.*\)  # (.*)", code)
    assert said
    assert capsys.readouterr().out.splitlines() == said


@pytest.mark.parametrize("document", FRONT)
def test_every_make_target_that_is_named_exists(document: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):(?!=)", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {"site", "test", "help"} <= targets
    code = "\n".join(_code((ROOT / document).read_text()))
    assert set(re.findall(r"\bmake ([a-z-]+)", code)) <= targets


def test_every_target_is_phony_and_explained() -> None:
    makefile = (ROOT / "Makefile").read_text()
    phony = " ".join(re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)).split()
    assert phony
    explained = re.findall(r"^([a-z-]+):.*## \w", makefile, re.MULTILINE)
    assert sorted(phony) == sorted(explained)


@pytest.mark.parametrize("document", FRONT)
def test_every_relative_link_of_the_front_door_leads_to_a_file(document: str) -> None:
    text = (ROOT / document).read_text()
    links = re.findall(r"(?<!!)\[[^\]]*\]\(([^)#\s]+)[^)]*\)", text)
    missing = [
        link
        for link in links
        if not re.match(r"[a-z]+:", link) and not (ROOT / document).parent.joinpath(link).exists()
    ]
    assert not missing


def test_the_course_map_of_the_readme_links_every_chapter_that_there_is(
    tracked_files: list[Path],
) -> None:
    text = (ROOT / "README.md").read_text()
    wings = ["architecture", "training", "mathematics", "challenges", "conclusion"]
    chapters = {
        name
        for name in map(_name, tracked_files)
        if re.fullmatch(rf"book/({'|'.join(wings)})/[\w-]+\.md", name)
    }
    linked = set(re.findall(r"\]\((book/\w+/[\w-]+\.md)\)", text))
    assert linked == chapters, "README.md, section Course map: link what exists, and only that"


def test_the_picture_of_the_readme_is_light_and_described() -> None:
    text = (ROOT / "README.md").read_text()
    pictures = re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", text)
    assert pictures
    for description, path in pictures:
        assert len(description) > 20
        assert (ROOT / path).stat().st_size < 500_000


# ---- one version, one address, two licences


def test_the_citation_agrees_with_the_package(project: dict[str, Any]) -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()
    assert citation["version"] == project["project"]["version"]
    assert citation["authors"] == project["project"]["authors"]


def test_the_project_has_one_public_address(project: dict[str, Any]) -> None:
    address = project["project"]["urls"]["Repository"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["repository-code"] == address
    if (config := ROOT / "_config.yml").exists():
        assert yaml.safe_load(config.read_text())["repository"]["url"] == address


def test_both_licences_are_there_and_named(project: dict[str, Any]) -> None:
    licences = {"LICENSE": "BSD 3-Clause", "LICENSE-CC-BY-4.0": "CC-BY-4.0"}
    assert project["project"]["license-files"] == list(licences)
    readme = (ROOT / "README.md").read_text()
    for file, name in licences.items():
        assert name in (ROOT / file).read_text()
        assert file in readme


def test_the_changelog_has_a_place_for_what_is_not_released_and_then_this_release(
    project: dict[str, Any],
) -> None:
    headings = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    released = f"[{project['project']['version']}] - {citation['date-released']}"
    assert headings[:2] == ["[Unreleased]", released]


def test_the_licences_of_the_data_sets_are_stated_where_one_looks_for_them() -> None:
    notes = json.loads((ROOT / "course_lib/datasets/provenance.json").read_text())
    assert all(note["licence"].startswith("CC BY 4.0") for note in notes.values())
    (identifier,) = re.findall(r"doi:(\S+?);", notes["digits.npz"]["origin"])
    for document in ("README.md", "LICENSE-CC-BY-4.0"):
        text = (ROOT / document).read_text()
        assert identifier in text
        assert "Alpaydin" in text
        assert "CC BY 4.0" in text


# ---- the lock


def _locked() -> dict[str, list[str]]:
    """Return the versions of each package in the lock (one for each Python, where they differ)."""
    versions: dict[str, list[str]] = {}
    lock = (ROOT / "requirements.txt").read_text()
    for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", lock, re.MULTILINE):
        versions.setdefault(canonicalize_name(name), []).append(version)
    return versions


def test_the_lock_is_in_step_with_the_package(project: dict[str, Any]) -> None:
    extras = dict(project["project"]["optional-dependencies"])
    del extras["oracle"]
    wanted = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    wanted += [line for lines in extras.values() for line in lines]
    locked = _locked()
    for requirement in map(Requirement, wanted):
        versions = locked.get(canonicalize_name(requirement.name))
        assert versions, f"{requirement} is not in requirements.txt: run make lock"
        for version in versions:
            assert version in requirement.specifier, f"{version} is not {requirement}: make lock"


def test_the_lock_is_made_from_every_extra_but_the_oracle(project: dict[str, Any]) -> None:
    named = re.findall(r"--extra ([\w-]+)", (ROOT / "Makefile").read_text())
    assert {*named, "oracle"} == set(project["project"]["optional-dependencies"])


def test_every_package_of_the_lock_has_a_hash_and_none_a_place() -> None:
    lock = (ROOT / "requirements.txt").read_text()
    packages = re.split(r"^(?=[\w.-]+==)", lock, flags=re.MULTILINE)[1:]
    assert len(packages) > 100
    assert all("--hash=sha256:" in package for package in packages)
    assert not re.search(r"--(extra-)?index-url|--find-links|https?://", lock)


def test_every_import_is_of_a_package_that_the_lock_installs(texts: dict[str, str]) -> None:
    """The site once built only where a package had been installed by hand."""
    sources = packages_distributions()
    provided = _locked().keys()
    ours = {"course_lib", "course_grader", *(Path(name).parts[-2] for name in texts if "/" in name)}
    ours |= {Path(name).stem for name in texts}
    missing = {
        f"{name}: {module}"
        for name, text in texts.items()
        if name.endswith(".py")
        for module in _imports(text) - sys.stdlib_module_names - ours
        if not provided & {canonicalize_name(source) for source in sources.get(module, [])}
    }
    # PyTorch is installed on demand, so its files need not be here.
    assert not {line for line in missing if not line.endswith(": torch")}


def _imports(source: str) -> set[str]:
    modules = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            modules |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            modules.add(node.module.partition(".")[0])
    return modules


def test_the_oracle_that_make_installs_is_one_that_the_package_names(
    project: dict[str, Any],
) -> None:
    (oracle,) = map(Requirement, project["project"]["optional-dependencies"]["oracle"])
    (version,) = re.findall(rf"{oracle.name}==([\w.]+)", (ROOT / "Makefile").read_text())
    assert version in oracle.specifier


def test_the_hooks_run_tools_of_the_lock_and_fetch_nothing() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    locked = _locked()
    for repository in config["repos"]:
        assert repository["repo"] == "local"
        for hook in repository["hooks"]:
            assert hook["language"] == "system"
            tool = Path(hook["entry"].split()[0])
            assert tool.parent == Path(".venv/bin")
            assert tool.name in locked


# ---- what no file may hold


@pytest.mark.parametrize("pattern", [REGISTRIES, MACHINE_PATHS], ids=["registry", "machine path"])
def test_no_file_names_a_registry_or_a_path_of_somebodys_machine(
    pattern: re.Pattern[str], texts: dict[str, str]
) -> None:
    assert not {name: found[0] for name, text in texts.items() if (found := pattern.search(text))}


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (REGISTRIES, "https://" + ".".join(["pypi", "org"]) + "/simple"),
        (REGISTRIES, ".".join(["files", "pythonhosted", "org"])),
        (MACHINE_PATHS, "see " + "/".join(["", "root", "x"])),
        (MACHINE_PATHS, '"' + "/".join(["", "home", "ada", "course"])),
    ],
)
def test_the_patterns_find_what_they_are_for(pattern: re.Pattern[str], text: str) -> None:
    assert pattern.search(text)


def test_notebooks_are_kept_without_their_outputs(texts: dict[str, str]) -> None:
    run = {
        name
        for name, text in texts.items()
        if name.endswith(".ipynb")
        for cell in json.loads(text)["cells"]
        if cell.get("outputs") or cell.get("execution_count") is not None
    }
    assert not run


def test_no_file_is_a_pickle(tracked_files: list[Path]) -> None:
    pickles = [
        path
        for path in tracked_files
        if path.suffix in PICKLE_NAMES or path.read_bytes().startswith(PICKLE_STARTS)
    ]
    assert not pickles


def test_archives_of_arrays_hold_no_python_objects(tracked_files: list[Path]) -> None:
    archives = [path for path in tracked_files if path.suffix == ".npz"]
    assert archives
    for archive in archives:
        with np.load(archive, allow_pickle=False) as arrays:
            for name in arrays.files:
                assert arrays[name].dtype.kind != "O"


def test_nothing_of_a_chapter_is_left_to_write() -> None:
    """`make new-chapter` leaves prompts; git need not know their files yet."""
    rooms = ["book", "course_lib", "exercises/source", "exercises/variants"]
    rooms += ["tests/book", "tests/course_lib"]
    left = [
        f"{_name(path)}:{number}: {found[0]}"
        for room in rooms
        for path in sorted((ROOT / room).rglob("*.*"))
        if path.suffix in {".md", ".py", ".ipynb"}
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if (found := PROMPT.search(line))
    ]
    assert not left, "\n".join(["", *left])


def test_every_text_file_ends_with_one_newline_and_has_unix_line_ends(
    texts: dict[str, str],
) -> None:
    wrong = {
        name
        for name, text in texts.items()
        if "\r\n" in text or (text and (text[-1] != "\n" or text.endswith("\n\n")))
    }
    assert not wrong


@pytest.mark.parametrize("script", [".ci/run", "binder/postBuild"])
def test_a_script_is_executable_and_stops_at_the_first_failure(script: str) -> None:
    assert (ROOT / script).stat().st_mode & stat.S_IXUSR
    assert "set -euo pipefail" in (ROOT / script).read_text()
