"""What students download from the site: complete, and without a solution or a hidden test."""

import json
import re
import zipfile
from pathlib import Path

import pytest
from material import Exercise, find_exercises, squash

EXERCISES = find_exercises()
WINGS = sorted({exercise.wing for exercise in EXERCISES})


def archive(site: Path, wing: str) -> zipfile.ZipFile:
    return zipfile.ZipFile(site / "_static" / "exercises" / f"{wing}.zip")


@pytest.mark.parametrize("wing", WINGS)
def test_a_handout_holds_all_notebooks_and_a_readme_of_one_page(site: Path, wing: str) -> None:
    with archive(site, wing) as handout:
        names = set(handout.namelist())
        readme = handout.read(f"{wing}/README.md").decode()
    notebooks = {exercise.path.name for exercise in EXERCISES if exercise.wing == wing}
    assert names == {f"{wing}/{name}" for name in {*notebooks, "README.md"}}
    assert len(readme.splitlines()) <= 50
    for name in notebooks:
        assert f"`{name}`" in readme


@pytest.mark.parametrize("exercise", EXERCISES, ids=str)
def test_a_handout_holds_no_solution_and_no_hidden_test(site: Path, exercise: Exercise) -> None:
    with archive(site, exercise.wing) as handout:
        texts = {name: squash(handout.read(name).decode()) for name in handout.namelist()}
        own = f"{exercise.wing}/{exercise.path.name}"
        notebook = json.loads(handout.read(own))
    assert notebook["cells"]
    for cell in notebook["cells"]:
        assert not cell.get("outputs")
    # As the text stands in the file: quotes and backslashes are escaped there.
    secrets = exercise.secrets("SOLUTION") + exercise.secrets("HIDDEN TESTS")
    assert secrets
    escaped = [json.dumps(line, ensure_ascii=False)[1:-1] for line in secrets]
    for name, text in texts.items():
        assert "###BEGIN" not in text, name
        # Another notebook may well say `return losses` for reasons of its own.
        long = [line for line in escaped if name == own or len(line) >= 40]
        assert not [line for line in long if line in text], name


@pytest.mark.parametrize("exercise", EXERCISES, ids=str)
def test_a_chapter_links_the_handout_that_holds_its_exercise(
    site: Path, exercise: Exercise
) -> None:
    page = site / "book" / exercise.wing / f"{exercise.chapter.replace('_', '-')}.html"
    links = re.findall(r'href="([^"]+\.zip)"', page.read_text(encoding="utf-8"))
    assert len(links) == 1
    with zipfile.ZipFile((page.parent / links[0]).resolve()) as handout:
        assert f"{exercise.wing}/{exercise.path.name}" in handout.namelist()
