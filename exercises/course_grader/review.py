"""Read a student's code for what no task asks for but tampering needs.

Canaries see what has been done to a kernel; this sees what is about to be, for instance a helper
that is replaced for the length of one call. What it finds is flagged for a person, no more.
"""

import ast
import builtins
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import numpy as np
from nbformat import NotebookNode

from course_grader.bindings import bindings, own_names, parse
from course_grader.words import words

_IMPORTS = words(
    "__future__ abc array bisect cmath collections contextlib copy course_lib csv dataclasses "
    "datetime decimal enum fractions functools heapq itertools json math matplotlib networkx "
    "numbers numpy operator os pandas pathlib pprint PIL random re scipy seaborn sklearn "
    "statistics string sys textwrap time torch tqdm typing typing_extensions warnings "
    "ipywidgets"
)
_CALLS = words(
    "exec eval compile __import__ globals locals vars setattr delattr get_ipython breakpoint "
    "__builtins__ __build_class__ __loader__ __spec__"
)
_ATTRIBUTES = words(
    "_getframe settrace setprofile addaudithook modules excepthook displayhook meta_path "
    "_exit abort execv execve fork forkpty kill killpg ptrace attrgetter methodcaller "
    "run_cell ast_transformers set_custom_exc user_ns f_globals f_locals f_back tb_frame "
    "gi_frame cr_frame source_to_code builtins inspect gc ctypes importlib get_ipython "
    "InteractiveShell make_dataclass ABCMeta EnumMeta new_class get_field vformat measure "
    "runstring get_type_hints ForwardRef ma recfromcsv recfromtxt MaskedArray "
    "masked_array register_at_fork"
)
"""Names of what reaches into Python's insides, wherever they are imported or looked up.

What `numpy.ma` holds needs no names of its own: the way to it leads through `ma`.
"""
_INSPECTION = words("__name__ __doc__ __class__ __init__ __version__ __qualname__")
_HARMLESS_METHODS = words(
    "__init__ __call__ __repr__ __str__ __len__ __iter__ __next__ __getitem__ __setitem__ "
    "__contains__ __enter__ __exit__ __post_init__ __slots__ __doc__ __all__ __add__ __radd__ "
    "__iadd__ __mul__ __rmul__ __truediv__ __rtruediv__ __pow__ __neg__ __matmul__ __rmatmul__ "
    "__name__"
)
_MAGICS = words("matplotlib time timeit precision who whos pwd ls config capture")
_TESTED_WITH = frozenset(
    {name for module in (builtins, np.testing) for name in dir(module)}
    | {name for name, value in vars(np).items() if callable(value)}
)
"""Attributes that nobody but their own module has any business setting."""
_DUNDER = re.compile(r"__\w+__")


def suspicions(nb: NotebookNode, source: dict[str, Any]) -> list[str]:
    """Return a line for everything in the student's own cells that deserves a look.

    Parameters
    ----------
    nb : NotebookNode
        The submission, with the instructor's locked cells put back.
    source : dict
        The instructor's version (`schema.SOURCE`); what a task's text names, students may use.
    """
    locked = {cell["name"]: cell["source"] for cell in source["cells"] if cell["locked"]}
    asked = "\n".join(cell["source"] for cell in source["cells"] if not cell["locked"])
    student = [
        cell.source
        for cell in nb.cells
        if cell.cell_type == "code"
        and cell.metadata.get("nbgrader", {}).get("grade_id") not in locked
    ]
    instructor, own = _instructor_names(tuple(locked.values())), own_names(student)
    reader = _Reader(instructor, asked, "\n".join(locked.values()), own)
    for text in student:
        reader.read(text)
    return list(dict.fromkeys(reader.found))


@lru_cache(maxsize=16)
def _instructor_names(sources: tuple[str, ...]) -> dict[str, str]:
    """Return the names that locked cells bind or take from the builtins, with what binds them."""
    names: dict[str, str] = {}
    for text in sources:
        tree = parse(text)
        if tree is None:
            continue
        bound = dict(bindings(tree))
        used = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
        names |= dict.fromkeys(used & vars(builtins).keys(), "builtin") | bound
    return names


def _mentions(text: str, name: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None


class _Reader(ast.NodeVisitor):
    def __init__(self, instructor: dict[str, str], asked: str, locked: str, own: set[str]) -> None:
        self.found: list[str] = []
        self._instructor = instructor
        self._asked = asked
        self._locked = locked
        self._modules: set[str] = set()
        self._own = own

    def read(self, text: str) -> None:
        tree = parse(text)
        if tree is None:
            return
        for name, how in bindings(tree):
            same = how.startswith("import") and self._instructor.get(name) == how
            if name in self._instructor and not same:
                self.found.append(f"binds '{name}', which the tests use, anew")
        self.visit(tree)

    def _say(self, name: str, what: str) -> None:
        if not _mentions(self._asked, name):
            self.found.append(what)

    def _import(self, module: str, names: Iterable[str]) -> None:
        names = [*names, *module.split(".")[1:]]
        known = module.partition(".")[0] in _IMPORTS or module == "IPython.display"
        if not known and not _mentions(self._locked, f"import {module}"):
            self._say(module, f"imports {module}")
        for name in names:
            self._name(name)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._import(alias.name, [])
            self._modules.add(alias.asname or alias.name.partition(".")[0])

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self._import(node.module or "", [alias.name for alias in node.names])
        self._modules |= {alias.asname or alias.name for alias in node.names}

    def visit_Name(self, node: ast.Name) -> None:
        if node.id in _CALLS or node.id not in self._own:
            self._name(node.id)
        if node.id in ("getattr", "type"):
            self._say(node.id, f"passes {node.id} on")

    def visit_Compare(self, node: ast.Compare) -> None:
        for child in (node.left, *node.comparators):
            if not (isinstance(child, ast.Name) and child.id == "type"):
                self.visit(child)

    def _name(self, name: str) -> None:
        if name in _CALLS or name in _ATTRIBUTES:
            self._say(name, f"uses {name}")

    def visit_Attribute(self, node: ast.Attribute) -> None:
        name = node.attr
        if _DUNDER.fullmatch(name) and name not in _INSPECTION | _HARMLESS_METHODS:
            self._say(name, f"uses {name}")
        if name in _ATTRIBUTES:
            self._say(name, f"uses {name}")
        if not isinstance(node.ctx, ast.Load):
            base = node.value
            if isinstance(base, ast.Name) and base.id in self._modules:
                self.found.append(f"changes {base.id}.{name}")
            elif name in _TESTED_WITH and not (isinstance(base, ast.Name) and base.id == "self"):
                self.found.append(f"changes an attribute {name}")
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        function = node.func
        if self._is_magic(node):
            return
        if isinstance(function, ast.Name) and function.id in ("getattr", "type"):
            named = len(node.args) > 1 and isinstance(node.args[1], ast.Constant)
            if function.id == "getattr" and not named:
                self._say("getattr", "uses getattr with a name worked out at run time")
            if named:
                self._name(str(node.args[1].value))  # type: ignore[attr-defined]
            if function.id == "type" and len(node.args) != 1:
                self._say("type", "makes a class with type(...)")
            for child in (*node.args, *node.keywords):
                self.visit(child)
            return
        if isinstance(function, ast.Call) and len(node.args) == 3:
            self._say("type", "makes something, perhaps a class, with what a call returned")
        self.generic_visit(node)

    def _is_magic(self, node: ast.Call) -> bool:
        """Whether a call is what IPython makes of a harmless ``%magic`` or ``!command``."""
        function = node.func
        if not (
            isinstance(function, ast.Attribute)
            and isinstance(function.value, ast.Call)
            and isinstance(function.value.func, ast.Name)
            and function.value.func.id == "get_ipython"
            and all(isinstance(argument, ast.Constant) for argument in node.args)
        ):
            return False
        texts = [str(getattr(argument, "value", "")) for argument in node.args]
        if function.attr in ("system", "getoutput"):
            return True
        if function.attr in ("run_line_magic", "run_cell_magic") and texts[0] in _MAGICS:
            for text in texts[1:]:
                self.read(text)
            return True
        return False

    def visit_keyword(self, node: ast.keyword) -> None:
        if node.arg == "usemask":
            self._say("usemask", "asks for masked arrays")
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            for name in set(_DUNDER.findall(node.value)) - {"__main__"}:
                self._say(name, f"mentions {name} in a text")

    def visit_Expr(self, node: ast.Expr) -> None:
        if not (isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)):
            self.generic_visit(node)  # a docstring may mention anything

    def _definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        if _DUNDER.fullmatch(node.name) and node.name not in _HARMLESS_METHODS:
            self._say(node.name, f"defines {node.name}")
        self.generic_visit(node)

    visit_FunctionDef = visit_AsyncFunctionDef = _definition

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for statement in node.body:
            for child in ast.walk(statement):
                name = getattr(child, "id", None) if isinstance(child, ast.Name) else None
                stored = name and not isinstance(child.ctx, ast.Load)  # type: ignore[attr-defined]
                if stored and _DUNDER.fullmatch(name or "") and name not in _HARMLESS_METHODS:
                    self._say(str(name), f"defines {name}")
        if node.keywords:
            self._say("metaclass", "makes a class with a metaclass or keywords")
        self.generic_visit(node)
