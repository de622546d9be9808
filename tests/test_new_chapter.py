"""`make new-chapter` makes a chapter that builds, and whose tests say what is left to write."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parents[1]
TREE = ["book", "course_lib", "exercises", "scripts", "tests"]
FILES = ["_config.yml", "_toc.yml", "pyproject.toml", "Makefile", "requirements.txt"]
FILES += ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]
WING, SLUG, NAME = "training", "weight-sharing", "weight_sharing"
TESTS = {
    f"tests/course_lib/{WING}/test_{NAME}.py": "library",
    f"tests/course_lib/demos/test_{NAME}.py": "demo",
    f"tests/book/test_formulas_{NAME}.py": "formulas",
}
pytestmark = pytest.mark.xdist_group("new chapter")


def copy_tree(target: Path) -> Path:
    """Copy what the command reads and writes; no caches, and no file that git ignores."""
    skipped = shutil.ignore_patterns("__pycache__", ".*", "release", "submitted", "autograded")
    for folder in TREE:
        shutil.copytree(ROOT / folder, target / folder, ignore=skipped)
    for file in FILES:
        shutil.copy2(ROOT / file, target)
    return target


def run(course: Path, *command: object) -> subprocess.CompletedProcess[str]:
    """Run a command in a copy, with the copy's own library in front of the installed one."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST")}
    env["PYTHONPATH"] = os.pathsep.join([str(course), str(course / "exercises")])
    env["OMP_NUM_THREADS"] = "1"
    words = list(map(str, command))
    return subprocess.run(words, cwd=course, env=env, text=True, capture_output=True, check=False)


def make_chapter(course: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return run(course, sys.executable, "scripts/new_chapter.py", *words)


def outcomes(course: Path, *words: str) -> dict[str, str]:
    """Run tests of the copy; return each one's failure, empty where it passed."""
    report = course.with_name("report.xml")
    done = run(
        course, sys.executable, "-m", "pytest", "-n0", "-q", "-p", "no:cacheprovider",
        f"--junitxml={report}", *words,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stdout + done.stderr
    found = {}
    for case in ElementTree.parse(report).iter("testcase"):
        failure = case.find("failure")
        name = f"{case.attrib['classname'].rpartition('.')[2]}::{case.attrib['name']}"
        found[name] = "" if failure is None else "".join(failure.itertext())
    return found


def contents(course: Path) -> dict[str, bytes]:
    paths = {path.relative_to(course): path for path in course.rglob("*") if path.is_file()}
    return {
        name.as_posix(): path.read_bytes()
        for name, path in paths.items()
        if path.suffix != ".pyc" and name.parts[0] != ".hypothesis"
    }


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_tree(tmp_path_factory.mktemp("bare"))


@pytest.fixture(scope="module")
def course(bare: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy in which the command has made a chapter, and which nobody changes."""
    course = tmp_path_factory.mktemp("made") / "course"
    shutil.copytree(bare, course)
    done = make_chapter(course, WING, SLUG)
    assert done.returncode == 0, done.stderr
    return course


# ---- what it makes


def test_the_four_rooms_are_made_and_the_lists_name_the_chapter(bare: Path, course: Path) -> None:
    before, after = contents(bare), contents(course)
    assert after.keys() - before.keys() == {
        f"book/{WING}/{SLUG}.md",
        f"course_lib/{WING}/{NAME}.py",
        f"course_lib/demos/{NAME}.py",
        f"exercises/source/{WING}/{NAME}.ipynb",
        f"exercises/variants/{WING}/{NAME}.py",
        *TESTS,
    }
    changed = {path for path in before if before[path] != after[path]}
    assert changed == {"_toc.yml", "README.md", "CHANGELOG.md", "book/course-map.md"}
    for path in changed:
        new = after[path].decode().replace(before[path].decode(), "")
        assert SLUG in new
    assert f"  - file: book/{WING}/{SLUG}\n" in after["_toc.yml"].decode()
    assert not re.search(rb"@[a-z]+@", b"".join(after[path] for path in after.keys() - before))


def test_what_is_made_is_in_the_format_of_the_house(course: Path) -> None:
    made = [f"course_lib/{WING}/{NAME}.py", f"course_lib/demos/{NAME}.py", *TESTS]
    made.append(f"exercises/variants/{WING}/{NAME}.py")
    for words in (["check"], ["format", "--check"]):
        done = run(course, sys.executable, "-m", "ruff", *words, "--no-cache", *made)
        assert done.returncode == 0, done.stdout


@pytest.mark.timeout(600)
def test_its_page_builds_as_it_stands(course: Path, tmp_path: Path) -> None:
    """With three small pages around it, so that every link of the page has its end."""
    book = tmp_path / "course"
    shutil.copytree(course, book, ignore=shutil.ignore_patterns("release_exercises.py"))
    pages = {"how-to-use": "students", "notation": "signs", "glossary": "terms"}
    for page, label in pages.items():
        (book / f"book/{page}.md").write_text(f"({label})=\n# A page\n\nNothing else.\n")
    listed = [f"book/{WING}/{SLUG}", *(f"book/{page}" for page in list(pages)[1:])]
    lines = ["format: jb-book", "root: book/how-to-use", "chapters:"]
    (book / "_toc.yml").write_text("\n".join([*lines, *(f"  - file: {p}" for p in listed)]) + "\n")
    jupyter_book = Path(sys.executable).with_name("jupyter-book")
    built = run(book, jupyter_book, "build", ".", "--warningiserror", "--keep-going")
    assert built.returncode == 0, built.stdout[-3000:] + built.stderr[-3000:]
    html = (book / f"_build/html/book/{WING}/{SLUG}.html").read_text(encoding="utf-8")
    assert f"def {NAME}(x" in re.sub(r"<[^>]*>", "", html)
    assert 'data-kind="explore"' in html
    assert 'data-kind="quiz"' in html
    assert f"{WING}.zip" in html


# ---- what its tests say


@pytest.fixture(scope="module")
def told(course: Path) -> dict[str, str]:
    """What the tests of the copy say about the new chapter; those that grade are left out."""
    rooms = [*TESTS, f"course_lib/{WING}/{NAME}.py", "tests/book/test_rhythm.py"]
    rooms += ["tests/exercises/test_exercises.py", "tests/test_repository.py"]
    chosen = f"{NAME} or {SLUG} or left_to_write"
    return outcomes(course, *rooms, "-k", chosen, "-m", "not grading")


def failures(told: dict[str, str], start: str) -> dict[str, str]:
    return {name: text for name, text in told.items() if text and name.startswith(start)}


def test_placeholders_fail_and_say_what_to_write_and_where(told: dict[str, str]) -> None:
    own = failures(told, f"test_{NAME}::")
    exported = own.pop(f"test_{NAME}::test_{NAME}_can_be_imported_from_the_top")
    assert f"import it in course_lib/{WING}/__init__.py" in exported
    for name, text in own.items():
        assert re.search(rf"To write: .*{NAME}", text), name
    library = [name for name in own if name.startswith(f"test_{NAME}::test_{NAME}_")]
    demo = [text for name, text in own.items() if name not in library]
    assert len(library) == 3
    assert demo
    assert all(f"look for it in describe_{NAME}" in text for text in demo)
    (formulas,) = failures(told, f"test_formulas_{NAME}::").values()
    assert f"each claim of book/{WING}/{SLUG}.md" in formulas


def test_every_prompt_is_listed_with_its_line(
    told: dict[str, str], course: Path, bare: Path
) -> None:
    (text,) = failures(told, "test_repository::").values()
    for path in contents(course).keys() - contents(bare).keys():
        assert re.search(rf"^\S*\s+{re.escape(path)}:\d+: To write", text, re.MULTILINE), path


def test_the_page_keeps_the_rhythm_and_lacks_only_words(told: dict[str, str]) -> None:
    assert sum(name.startswith("test_rhythm::") for name in told) > 5
    (text,) = failures(told, "test_rhythm::").values()
    assert re.search(r"write 1,500 to 3,600 words of prose; there are \d+", text)


def test_the_exercise_is_well_formed_and_lacks_only_variants(told: dict[str, str]) -> None:
    assert sum(name.startswith("test_exercises::") for name in told) > 3
    (name,) = failures(told, "test_exercises::")
    assert "three_correct_and_eight_wrong_variants" in name


def test_a_function_that_is_written_passes_its_tests(course: Path, tmp_path: Path) -> None:
    book = tmp_path / "course"
    shutil.copytree(course, book)
    module = book / f"course_lib/{WING}/{NAME}.py"
    text = module.read_text(encoding="utf-8").partition("    raise NotImplementedError")[0]
    text = text.replace("import Array\n", "import Array, check_array\n")
    text += f'    x = check_array(x, "{NAME}", "x", ("N", "D"))\n    return x.copy()\n'
    module.write_text(text, encoding="utf-8")
    tests = book / f"tests/course_lib/{WING}/test_{NAME}.py"
    told = outcomes(book, str(tests), str(module))
    assert told[f"{NAME}::course_lib.{WING}.{NAME}.{NAME}"] == ""  # the docstring's example
    own = f"test_{NAME}::test_{NAME}_"
    assert told[f"{own}refuses_an_input_that_is_not_a_table"] == ""
    assert told[f"{own}leaves_its_input_as_it_was"] == ""
    assert "To write: by_hand" in told[f"{own}agrees_with_the_formula_by_hand"]
    package = module.with_name("__init__.py")
    exported = package.read_text(encoding="utf-8").replace(
        "__all__ = [", f'__all__ = [\n    "{NAME}",'
    )
    line = f"from course_lib.{WING}.{NAME} import {NAME}\n\n__all__"
    package.write_text(exported.replace("\n__all__", line), encoding="utf-8")
    oracle = tests.read_text(encoding="utf-8")
    start, end = oracle.index("    raise NotImplementedError"), oracle.index("@given")
    tests.write_text(f"{oracle[:start]}    return x\n\n\n{oracle[end:]}", encoding="utf-8")
    assert not any(outcomes(book, str(tests)).values())


# ---- what it refuses


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (
            ["conclusion", "ending"],
            "WING must be one of architecture, training, mathematics, chall",
        ),
        (["", ""], "WING must be one of"),
        (["training", ""], "SLUG must be lower-case words with hyphens, such as weight-sharing"),
        (["training", "Weight-sharing"], "SLUG must be lower-case words"),
        (["training", "weight_sharing"], "SLUG must be lower-case words"),
        (["training", "weight--sharing"], "SLUG must be lower-case words"),
        (["training", "../escape"], "SLUG must be lower-case words"),
        (["training", "lesson-2"], "SLUG must be lower-case words"),
        (["training", "lambda"], "SLUG must be lower-case words"),
        (["training", "a" * 31], "SLUG may have 30 letters at most"),
        (["training", "new", 'a "title"'], "TITLE must be words"),
        (["training", "new", "two\nlines"], "TITLE must be words"),
        (["training", "backpropagation"], "book/training/backpropagation.md exists already"),
        (["mathematics", "backpropagation"], "course_lib/demos/backpropagation.py exists already"),
        (["training", "losses"], "course_lib/training/losses.py exists already"),
    ],
)
def test_it_refuses_in_one_line_and_writes_nothing(
    bare: Path, words: list[str], reason: str
) -> None:
    before = contents(bare)
    done = make_chapter(bare, *words)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith(f"new-chapter: {reason}")
    assert done.stderr.endswith("; nothing was written\n")
    assert done.stderr.count("\n") == 1
    assert contents(bare) == before


def test_a_list_without_the_wing_is_refused(bare: Path, tmp_path: Path) -> None:
    book = tmp_path / "course"
    shutil.copytree(bare, book)
    (book / "_toc.yml").write_text("format: jb-book\nroot: book/index\n")
    before = contents(book)
    done = make_chapter(book, WING, SLUG)
    assert done.returncode == 1
    assert "_toc.yml has no line" in done.stderr
    assert contents(book) == before


def test_a_failure_in_the_middle_is_undone(load_script, tmp_path: Path) -> None:
    listed, new, blocked = tmp_path / "list", tmp_path / "new", tmp_path / "list" / "below"
    listed.write_text("as it was")
    with pytest.raises(OSError, match="list"):
        load_script("new_chapter").write(
            {new: "new", listed: "changed", blocked: "a file is no folder"}
        )
    assert listed.read_text() == "as it was"
    assert not new.exists()


# ---- through make


def test_make_hands_over_a_title_with_an_apostrophe(bare: Path, tmp_path: Path, venv: Path) -> None:
    book = tmp_path / "course"
    shutil.copytree(bare, book)
    words = [f"VENV={venv}", "WING=challenges", "SLUG=occams-razor"]
    done = run(book, "make", "new-chapter", *words, "TITLE=Occam's razor & others")
    assert done.returncode == 0, done.stdout + done.stderr
    page = (book / "book/challenges/occams-razor.md").read_text(encoding="utf-8")
    assert "\n# Occam's razor & others\n" in page
    assert "pytest tests/test_repository.py -k left_to_write" in done.stdout
    assert run(book, "make", "new-chapter", words[0]).stderr.startswith("new-chapter: WING must be")
