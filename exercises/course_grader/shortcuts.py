"""Spare the kernel what IPython does twice, or in Python where one look would do.

Every shortcut gives what IPython gives; only the time differs. Together they halve a cell's cost.
"""

import functools
import inspect
import re
import zlib
from collections.abc import Callable
from typing import Any

import stack_data
from ipykernel import compiler
from IPython.core.inputtransformer2 import TransformerManager
from pygments.formatters.terminal256 import Terminal256Formatter

# All that IPython's own syntax (magics, shell commands, help, quoting) can begin or end with: where
# a line's start, an assignment and a line's end show none of it, there is nothing to translate.
_MAY_BE_MAGIC = re.compile(r"^\s*[?!%/,;]|=\s*[!%]|\?\s*$", re.MULTILINE)
_STANDARD = TransformerManager().token_transformers


class PlainCells(TransformerManager):
    """`TransformerManager` that takes no plain Python cell apart into tokens."""

    def do_token_transforms(self, lines: list[str]) -> list[str]:
        """Translate magics, shell commands and questions for help, where there can be any."""
        untouched = self.token_transformers == _STANDARD
        if untouched and not _MAY_BE_MAGIC.search("".join(lines)):
            return lines
        return super().do_token_transforms(lines)


class _CellFiles(dict[str, str]):
    """`inspect`'s table of modules by file, which knows that a cell belongs to `__main__`.

    Without it, each line of a traceback that lies in a cell has a thousand modules looked through.
    """

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or (isinstance(name, str) and "/ipykernel_" in name)

    def __missing__(self, name: str) -> str:
        return "__main__"


def _only_where_named(shell: Any) -> Callable[..., bool]:
    """Return `should_run_async`, which compiles no cell that has neither word in it."""
    original = shell.should_run_async

    def should_run_async(raw_cell: str, **options: Any) -> bool:
        cell = options.get("transformed_cell") or raw_cell
        return ("await" in cell or "async" in cell) and original(raw_cell, **options)

    return should_run_async


def before_forks() -> None:
    """Prepare what all forks share: the style of tracebacks and its colours in a terminal."""
    plain: Any = stack_data
    plain.style_with_executing_node = functools.cache(plain.style_with_executing_node)
    set_up = Terminal256Formatter._setup_styles
    known: dict[tuple[object, ...], dict[str, Any]] = {}

    def once_a_style(self: Terminal256Formatter) -> None:
        key = (self.style, self.usebold, self.useunderline, self.useitalic)
        if key not in known:
            set_up(self)
            known[key] = self.style_string
        self.style_string = known[key]

    Terminal256Formatter._setup_styles = once_a_style


def in_kernel(shell: Any) -> None:
    """Take the shortcuts in the shell of a kernel that just woke up."""
    shell.input_transformer_manager = PlainCells()
    shell.should_run_async = _only_where_named(shell)
    # Each cell's file name holds a hash of its text; any hash does, this one is no Python loop.
    compiler.murmur2_x86 = lambda text, seed: zlib.crc32(text.encode(), seed)
    # IPython formats each error a second time, for a history that nobody will read.
    shell._format_exception_for_storage = lambda *arguments, **options: []
    inspect.modulesbyfile = _CellFiles(inspect.modulesbyfile)
