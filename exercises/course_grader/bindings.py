"""Which global names a notebook cell binds, and how."""

import ast
from collections.abc import Iterable, Iterator
from functools import lru_cache

from IPython.core.inputtransformer2 import TransformerManager


@lru_cache(maxsize=256)
def parse(text: str) -> ast.Module | None:
    """Return a cell's syntax tree, magics translated; None if the kernel cannot run it either.

    Trees are kept and shared, since many students leave or write the same cell: don't change them.
    """
    try:
        return ast.parse(TransformerManager().transform_cell(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def bindings(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield each global name that a cell binds, with a text that tells equal imports apart."""
    declared = {name for n in ast.walk(tree) if isinstance(n, ast.Global) for name in n.names}
    pending: list[tuple[ast.AST, bool]] = [(child, False) for child in ast.iter_child_nodes(tree)]
    while pending:
        node, inner = pending.pop()
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            module = getattr(node, "module", None) or ""
            for alias in node.names:
                name = alias.asname or alias.name.partition(".")[0]
                origin = alias.name if alias.asname or module else name
                if not inner or name in declared:
                    yield name, f"import {module} {origin}"
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            if not inner or node.name in declared:
                yield node.name, "definition"
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            kept = not inner or node.id in declared
            yield from [(node.id, "assignment")] if kept else []
        elif isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name and not inner:
            yield node.name, "capture"
        scope = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
        comprehension = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
        deeper = inner or isinstance(node, (*scope, *comprehension))
        pending += [(child, deeper) for child in ast.iter_child_nodes(node)]


def own_names(sources: Iterable[str]) -> set[str]:
    """Return the variables and parameters of cells: their names are the student's to choose.

    A starred import may bring a name that reads like a variable, so next to one nothing is own.
    """
    names: set[str] = set()
    for node in (node for text in sources for node in ast.walk(parse(text) or ast.Module([], []))):
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            return set()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
    return names
