"""The course map: from an idea to where it is read, run, moved, graded and tested.

The page names idea and chapter; everything else is read from the chapter, from its exercise and
from the tests, so that the map can't say what isn't there.
"""

import ast
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

LABELS = ["Chapter", "Library", "Demo", "Exercise", "Tests"]
WINGS = ("architecture", "training", "mathematics", "challenges")


def imports(code: str) -> Iterator[tuple[str, str]]:
    """Yield module and name of everything that a Python text imports by name."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield node.module, alias.name


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


class Idea(NamedTuple):
    """One line of the page: an idea, its chapter, and what stands in place of an exercise."""

    text: str
    chapter: str
    instead: str = ""

    @property
    def slug(self) -> str:
        """Return the name of the chapter's notebook and tests."""
        return self.chapter.partition("/")[2].replace("-", "_")


class Sources:
    """What the files of the project say about a chapter."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.wing_of = {
            name: f"course_lib.{wing}"
            for wing in WINGS
            for _, name in imports(read(root / "course_lib" / wing / "__init__.py"))
        }
        self.tested = {
            path: {name for _, name in imports(read(path))}
            for path in sorted((root / "tests" / "course_lib").glob("*/test_*.py"))
        }

    def page(self, idea: Idea) -> str:
        """Return the text of a chapter."""
        return read(self.root / "book" / f"{idea.chapter}.md")

    def title(self, idea: Idea) -> str:
        """Return the heading of a chapter."""
        return re.findall(r"^# (.+)$", self.page(idea), re.MULTILINE)[0]

    def code(self, idea: Idea) -> str:
        """Return all code cells of a chapter, without their options and magic lines."""
        cells = re.findall(r"^```\{code-cell\}.*?\n(.*?)^```", self.page(idea), re.S | re.M)
        options = re.compile(r"\A(---\n(.*\n)*?---\n|(:.*\n)+)")
        text = "".join(options.sub("", cell) for cell in cells)
        return re.sub(r"^[%!].*$", "", text, flags=re.MULTILINE)

    def functions(self, idea: Idea) -> list[tuple[str, str]]:
        """Return package and name of what the chapter uses of its own wing, or else of all."""
        found = {}
        for module, name in imports(self.code(idea)):
            parts = module.split(".")
            if parts[0] == "course_lib" and name in self.wing_of:
                found[name] = self.wing_of[name]
            elif len(parts) == 3 and parts[1] in WINGS and not name.startswith("_"):
                found[name] = module
        wing = idea.chapter.partition("/")[0]
        pairs = [(package, name) for name, package in sorted(found.items())]
        return [pair for pair in pairs if pair[0].split(".")[1] == wing] or pairs

    def demos(self, idea: Idea) -> list[str]:
        """Return what the chapter's demos draw: the first line of each function's docstring."""
        code, found = self.code(idea), []
        modules = {
            alias.asname or alias.name: alias.name
            for node in ast.walk(ast.parse(code))
            if isinstance(node, ast.ImportFrom) and node.module == "course_lib.demos"
            for alias in node.names
        }
        for module, function in re.findall(r"\bexplore\(\s*(\w+)\.(\w+)", code):
            tree = ast.parse(read(self.root / "course_lib" / "demos" / f"{modules[module]}.py"))
            for node in tree.body:
                if isinstance(node, ast.FunctionDef) and node.name == function:
                    summary = (ast.get_docstring(node) or function).splitlines()[0]
                    summary = summary.replace("`", "").rstrip(".")
                    found.append(summary.removeprefix("Draw "))
        return found

    def tasks(self, idea: Idea) -> list[str]:
        """Return what the exercise asks for: the grade ids of its solution cells."""
        wing = idea.chapter.partition("/")[0]
        path = self.root / "exercises" / "source" / wing / f"{idea.slug}.ipynb"
        if not path.exists():
            return []
        cells = json.loads(read(path))["cells"]
        marks = [cell["metadata"].get("nbgrader", {}) for cell in cells]
        return [mark["grade_id"] for mark in marks if mark.get("solution")]

    def tests(self, idea: Idea) -> list[str]:
        """Return the test modules of the chapter and of the names that it imports."""
        functions = self.functions(idea)
        names = {name for _, name in functions}
        wings = {package.split(".")[1] for package, _ in functions}
        of_chapter = [
            self.root / "tests" / "book" / f"test_formulas_{idea.slug}.py",
            self.root / "tests" / "course_lib" / "demos" / f"test_{idea.slug}.py",
        ]
        of_wing = [
            path
            for path, tested in self.tested.items()
            if path.parent.name in wings and names & tested
        ]
        found = [path for path in [*of_wing, *of_chapter] if path.exists()]
        return [path.relative_to(self.root).as_posix() for path in found]


def listed(items: Iterable[nodes.Node]) -> nodes.paragraph:
    """Set nodes behind each other, with commas."""
    paragraph = nodes.paragraph()
    for item in items:
        if paragraph.children:
            paragraph += nodes.Text(", ")
        paragraph += item
    return paragraph


class CourseMap(SphinxDirective):
    """A list of ideas; each line of the content is ``idea | chapter`` or has a third part."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Make the list; the page is made again when any of its sources changes."""
        root = Path(self.env.srcdir)
        sources = Sources(root)
        for folder in ("book", "exercises/source", "tests"):
            for path in (root / folder).rglob("*.*"):
                if path.suffix in {".md", ".ipynb", ".py"}:
                    self.env.note_dependency(str(path))
        ideas = [Idea(*map(str.strip, line.split("|"))) for line in self.content if line.strip()]
        items = []
        for idea in ideas:
            fields = nodes.field_list("", *map(self.field, LABELS, self.cells(sources, idea)))
            items.append(
                nodes.definition_list_item(
                    "", nodes.term("", idea.text), nodes.definition("", fields)
                )
            )
        return [nodes.definition_list("", *items, classes=["course-map"])]

    def field(self, label: str, body: nodes.Node) -> nodes.field:
        """Return a line of an idea's entry."""
        return nodes.field("", nodes.field_name("", label), nodes.field_body("", body))

    def cells(self, sources: Sources, idea: Idea) -> list[nodes.Node]:
        """Return what stands behind the labels."""
        tasks: list[nodes.Node] = [nodes.literal("", task) for task in sources.tasks(idea)]
        address = self.config.html_theme_options["repository_url"]
        tests = [
            nodes.reference("", Path(name).stem, refuri=f"{address}/blob/main/{name}")
            for name in sources.tests(idea)
        ]
        return [
            listed([self.link("std", "doc", f"/book/{idea.chapter}", sources.title(idea))]),
            listed(
                self.link("py", "obj", f"{package}.{name}", name)
                for package, name in sources.functions(idea)
            ),
            nodes.paragraph("", "; ".join(sources.demos(idea)) or idea.instead),
            listed(tasks or [nodes.Text(idea.instead)]),
            listed(tests),
        ]

    def link(self, domain: str, kind: str, target: str, text: str) -> nodes.Node:
        """Return a link to a page (std) or to the library's reference (py)."""
        label: nodes.Node = nodes.literal("", text) if domain == "py" else nodes.inline("", text)
        return addnodes.pending_xref(
            "", label, refdomain=domain, reftype=kind, reftarget=target,
            refexplicit=True, refdoc=self.env.docname, refwarn=domain == "std",
        )  # fmt: skip


def setup(app: Sphinx) -> None:
    app.add_directive("course-map", CourseMap)
