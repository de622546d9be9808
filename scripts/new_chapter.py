"""Make the four mirrored rooms of a new chapter, with placeholders that say what to write.

`make new-chapter WING=training SLUG=weight-sharing [TITLE="Weight sharing"]` calls this. What is
still to be written says so with the words *To write:*; the new tests fail with them, and a test of
`tests/test_repository.py` lists them all. Every text is made before the first file is touched, and
a failure in the middle is undone: a chapter is there whole or not at all.
"""

import argparse
import json
import keyword
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
TEMPLATES = Path(__file__).with_suffix("")
WINGS = ("architecture", "training", "mathematics", "challenges")
LONGEST = 30  # letters of a name: its files and functions still fit on a line
# Template → file of the chapter; the names between @ are filled in, here as in the templates.
ROOMS = {
    "chapter.md.in": "book/@wing@/@slug@.md",
    "library.py.in": "course_lib/@wing@/@name@.py",
    "demo.py.in": "course_lib/demos/@name@.py",
    "exercise.ipynb.in": "exercises/source/@wing@/@name@.ipynb",
    "variants.py.in": "exercises/variants/@wing@/@name@.py",
    "test_library.py.in": "tests/course_lib/@wing@/test_@name@.py",
    "test_demo.py.in": "tests/course_lib/demos/test_@name@.py",
    "test_formulas.py.in": "tests/book/test_formulas_@name@.py",
}
Files = dict[Path, str]


class RefusedError(ValueError):
    """What was asked for can't be made; the message says why in one line."""


def names_of(wing: str, slug: str, title: str) -> dict[str, str]:
    """Return what templates may name, or refuse a wing, a slug or a title.

    Only letters and hyphens: nbgrader reads a student's name and the notebook's from one file
    name, and the course map from one line of text.
    """
    if wing not in WINGS:
        raise RefusedError(f"WING must be one of {', '.join(WINGS)}; got {wing!r}")
    name = slug.replace("-", "_")
    if not re.fullmatch(r"[a-z]+(-[a-z]+)*", slug) or keyword.iskeyword(name):
        raise RefusedError(
            f"SLUG must be lower-case words with hyphens, such as weight-sharing; got {slug!r}"
        )
    if len(slug) > LONGEST:
        raise RefusedError(f"SLUG may have {LONGEST} letters at most; got {slug!r}: {len(slug)}")
    title = title or slug.replace("-", " ").capitalize()
    if not re.fullmatch(r"[^\W\d_][\w ,’'&–-]{0,39}", title):
        raise RefusedError(
            f"TITLE must be words of 40 letters at most, without quotes or brackets; got {title!r}"
        )
    return {"wing": wing, "slug": slug, "name": name, "constant": name.upper(), "title": title}


def fill(text: str, names: dict[str, str]) -> str:
    """Put the names into a template or into the path of its file."""
    return re.sub(r"@([a-z]+)@", lambda found: names[found[1]], text)


def formatted(path: Path, text: str) -> str:
    """Return a text as the house's formatter writes it: lines break where the names ask for it."""
    if path.suffix == ".ipynb":
        notebook = json.loads(text)
        return json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    if path.suffix != ".py":
        return text
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(path), "-"]
    done = subprocess.run(command, cwd=ROOT, input=text, capture_output=True, text=True, check=True)
    return done.stdout


def new_files(names: dict[str, str]) -> Files:
    """Return the files of the rooms; refuse a chapter of which one is there already."""
    paths = {template: ROOT / fill(place, names) for template, place in ROOMS.items()}
    for path in paths.values():
        if path.exists():
            raise RefusedError(
                f"{path.relative_to(ROOT)} exists already: choose another SLUG, or go on there"
            )
    return {
        path: formatted(path, fill((TEMPLATES / template).read_text(encoding="utf-8"), names))
        for template, path in paths.items()
    }


def insert(file: str, after: str, line: str) -> tuple[Path, str]:
    """Return a file's text with something behind the last match of a pattern."""
    path = ROOT / file
    text = path.read_text(encoding="utf-8")
    matches = list(re.finditer(after, text, re.MULTILINE))
    if not matches:
        raise RefusedError(f"{file} has no line {after!r} to put the chapter behind")
    end = matches[-1].end()
    return path, text[:end] + line + text[end:]


def changed_files(names: dict[str, str]) -> Files:
    """Return the lists that name every chapter, with the new one at the end of its wing."""
    wing, title = names["wing"], names["title"]
    page = f"book/{wing}/{names['slug']}"
    line = f"- The chapter *{title}* (`{page}.md`).\n"
    heading = r"^## \[Unreleased\]\n"
    begun = rf"{heading}\n### Added\n\n"
    if not re.search(begun, (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE):
        begun, line = heading, f"\n### Added\n\n{line}"
    link = f" · [{title[0].lower() + title[1:]}]({page}.md)"
    idea = f"To write: the idea in words | {wing}/{names['slug']}\n"
    return dict(
        [
            insert("_toc.yml", rf"^ +- file: book/{wing}/.*\n", f"      - file: {page}\n"),
            insert("book/course-map.md", rf"^[^|\n]+ \| {wing}/.*\n", idea),
            insert("README.md", rf"^\| {wing.capitalize()} \|.*(?= \|$)", link),
            insert("CHANGELOG.md", begun, line),
        ]
    )


def write(files: Files) -> None:
    """Write all files, or leave all as they were."""
    before = {path: path.read_text(encoding="utf-8") for path in files if path.exists()}
    touched: list[Path] = []
    try:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            touched.append(path)
            path.write_text(text, encoding="utf-8")
    except BaseException:
        for path in touched:
            if path in before:
                path.write_text(before[path], encoding="utf-8")
            else:
                path.unlink(missing_ok=True)
        raise


def main() -> None:
    """Make the chapter that the command line asks for, and say what comes next."""
    parser = argparse.ArgumentParser(description=__doc__, prog="new_chapter.py")
    parser.add_argument("wing", help=f"one of {', '.join(WINGS)}")
    parser.add_argument("slug", help="the page's name: lower-case words with hyphens")
    parser.add_argument(
        "title", nargs="?", default="", help="the heading; made from SLUG if left out"
    )
    options = parser.parse_args()
    try:
        names = names_of(options.wing, options.slug, options.title)
        new, changed = new_files(names), changed_files(names)
        write(new | changed)
    except (RefusedError, OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"new-chapter: {error}; nothing was written")
    for path in new:
        print("made   ", path.relative_to(ROOT))
    for path in changed:
        print("changed", path.relative_to(ROOT))
    print("What is left to write, file by file:")
    print("  .venv/bin/python -m pytest tests/test_repository.py -k left_to_write")


if __name__ == "__main__":
    main()
