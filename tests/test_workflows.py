"""The workflows run what a person runs here, and may do no more than they must."""

import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".github" / "workflows"
PATHS = sorted(FOLDER.glob("*.yml"))
each_workflow = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


def read(path: Path) -> dict[str, Any]:
    workflow: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    workflow["on"] = workflow.pop(True)  # YAML 1.1 reads the word `on` as a truth value
    return workflow


def steps(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def commands(path: Path) -> list[str]:
    """Return each line that a workflow runs."""
    runs = [step["run"] for step in steps(read(path)) if "run" in step]
    return [line.strip() for run in runs for line in run.splitlines() if line.strip()]


def test_there_are_three() -> None:
    assert [path.stem for path in PATHS] == ["ci", "pages", "weekly"]


@each_workflow
def test_each_line_that_runs_is_a_target_of_make_or_a_script(path: Path) -> None:
    targets = re.findall(r"^([a-z-]+):(?!=)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert commands(path)
    for command in commands(path):
        tool, *words = command.split()
        if tool == "make":
            assert len(words) == 1
            assert words[0] in targets, command
        else:
            assert os.access(ROOT / tool, os.X_OK), command


@each_workflow
def test_actions_are_githubs_own_at_a_major_version(path: Path) -> None:
    used = [step["uses"] for step in steps(read(path)) if "uses" in step]
    assert used
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", action) for action in used), used


@each_workflow
def test_a_workflow_may_write_nothing_but_the_pages(path: Path) -> None:
    workflow = read(path)
    assert workflow["permissions"] == {"contents": "read"}
    granted = [job["permissions"] for job in workflow["jobs"].values() if "permissions" in job]
    allowed = [{"pages": "write", "id-token": "write"}] if path.stem == "pages" else []
    assert granted == allowed


@each_workflow
def test_a_workflow_neither_overtakes_itself_nor_runs_for_ever(path: Path) -> None:
    workflow = read(path)
    assert {"group", "cancel-in-progress"} <= workflow["concurrency"].keys()
    assert all(job["timeout-minutes"] <= 180 for job in workflow["jobs"].values())


def test_the_site_that_is_published_is_the_one_that_make_builds() -> None:
    workflow = read(FOLDER / "pages.yml")
    (html,) = re.findall(r"^HTML := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    paths = [step["with"]["path"] for step in steps(workflow) if "upload-pages" in str(step)]
    assert paths == [html]
    assert commands(FOLDER / "pages.yml") == ["make site"]
    assert workflow["jobs"]["publish"]["needs"] == "build"


def test_every_change_is_checked_by_the_whole_of_ci_run() -> None:
    workflow = read(FOLDER / "ci.yml")
    assert "pull_request" in workflow["on"]
    assert commands(FOLDER / "ci.yml") == [".ci/run"]


def test_each_week_everything_runs_with_what_is_newest() -> None:
    workflow = read(FOLDER / "weekly.yml")
    (schedule,) = workflow["on"]["schedule"]
    assert re.fullmatch(r"\d+ \d+ \* \* [0-6]", schedule["cron"])
    ran = commands(FOLDER / "weekly.yml")
    assert ran[:2] == ["make lock", ".ci/run"]
    assert {"make pdf", "make release-exercises", "make versions"} <= set(ran)


def test_the_pythons_of_the_weekly_run_are_the_ends_of_what_is_promised(load_script) -> None:
    pythons = load_script("check_versions").PYTHONS
    (setup,) = (s for s in steps(read(FOLDER / "weekly.yml")) if "setup-python" in str(s))
    assert set(setup["with"]["python-version"].split()) == {pythons[0], pythons[-1]}
