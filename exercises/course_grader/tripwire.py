"""Tripwires in the kernel: an audit hook that reports at once, over a pipe, and cannot be removed.

It tells of reaching into Python's insides (`ctypes`, tracing, `__code__`, the garbage collector's
view, other processes' memory) and, whenever a cell starts, whether the functions that tests and the
kernel rely on are still the ones that were there before the student's first line.
"""

import builtins
import contextlib
import itertools
import operator
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

from course_grader.words import words

_EVENTS = words(
    "ctypes.dlopen ctypes.dlsym ctypes.dlsym/handle ctypes.call_function ctypes.cdata "
    "ctypes.cdata/buffer ctypes.string_at ctypes.wstring_at ctypes.addressof sys.settrace "
    "sys.setprofile sys.addaudithook gc.get_objects gc.get_referrers"
)
_MODULES = (
    "builtins",
    "numpy",
    "numpy.testing",
    "numpy.testing._private.utils",
    "numpy.linalg",
    "math",
)
_REPLACED_BY_IPYTHON = words("input exit quit display get_ipython _")
_CLASSES = (
    ("IPython.core.interactiveshell", "InteractiveShell"),
    ("ipykernel.zmqshell", "ZMQInteractiveShell"),
    ("ipykernel.zmqshell", "ZMQDisplayPublisher"),
    ("ipykernel.ipkernel", "IPythonKernel"),
    ("ipykernel.kernelbase", "Kernel"),
    ("ipykernel.compiler", "XCachingCompiler"),
    ("ipykernel.displayhook", "ZMQShellDisplayHook"),
    ("jupyter_client.session", "Session"),
)
_METHODS = words(
    "run_cell run_cell_async _run_cell run_code run_ast_nodes showtraceback _showtraceback "
    "showsyntaxerror transform_cell transform_ast safe_execfile should_run_async do_execute "
    "execute_request send_response send msg serialize cache ast_parse __call__ publish "
    "set_custom_exc dispatch_shell"
)


def watched() -> list[tuple[dict[str, Any], str, object]]:
    """Return (namespace, name, object now in it) for all that has to stay as it is."""
    places = []
    ours = [name for name in sys.modules if name.partition(".")[0] == "course_lib"]
    for module in (*_MODULES, *ours):
        namespace = vars(sys.modules[module]) if module in sys.modules else {}
        for name, value in namespace.items():
            known = callable(value) and name not in _REPLACED_BY_IPYTHON
            if known and (module == "builtins" or not name.startswith("__")):
                places.append((namespace, name, value))
    return places


def arm(descriptor: int, shell: Any, kernel: Any) -> None:
    """Install the hook; it writes ``.`` for each cell that starts and ``!reason`` for each alarm.

    Call it in the submission's working folder: code that runs from a file there is an alarm.

    Parameters
    ----------
    descriptor : int
        Write end of a pipe; must not block.
    shell, kernel : object
        IPython's shell and the kernel, whose methods nobody may shadow.
    """
    instances = (shell, kernel, kernel.session)
    sys.addaudithook(_hook(descriptor, watched(), _methods(), instances, os.getcwd()))


def _methods() -> list[tuple[type, str, object]]:
    found = []
    for module, name in _CLASSES:
        kind = getattr(sys.modules.get(module), name, None)
        if isinstance(kind, type):
            found += [(kind, m, vars(kind)[m]) for m in _METHODS if m in vars(kind)]
    return found


def _hook(
    descriptor: int,
    places: list[tuple[dict[str, Any], str, object]],
    methods: list[tuple[type, str, object]],
    instances: tuple[Any, ...],
    folder: str,
) -> Callable[[str, tuple[Any, ...]], None]:
    """Make the hook a closure: it uses nothing that a student's code could reach and replace."""
    write, suspicious, names = os.write, _EVENTS, _METHODS
    absent, string, code_type = object(), str, type(arm.__code__)
    transformers = instances[0].ast_transformers
    suppress, error, is_instance = contextlib.suppress, OSError, builtins.isinstance
    every, each, same = all, map, operator.is_
    call: Any = operator.call
    rows: list[tuple[Mapping[str, Any], str, object, str]] = []
    for namespace, name, value in places:
        rows.append((namespace, name, value, f"'{name}', which tests rely on, was replaced"))
    for kind, name, value in methods:
        rows.append((vars(kind), name, value, f"'{kind.__name__}.{name}' was replaced"))
    for own in map(vars, instances):
        for name in names:
            text = f"'{name}' of the kernel was replaced"
            rows.append((own, name, own.get(name, absent), text))
    lookups = [mapping.get for mapping, *_ in rows]
    keys, values = [name for _, name, *_ in rows], [value for *_, value, _ in rows]
    default = itertools.repeat(absent)
    told: set[str] = set()

    def tell(text: str) -> None:
        if text not in told and told.__len__() < 50:
            told.add(text)
            with suppress(error):
                write(descriptor, f"!{text}\n".encode())

    def inspect() -> None:
        # Without a loop of Python's own: this runs for each statement of each cell.
        if not every(each(same, each(call, lookups, keys, default), values)):
            for mapping, name, value, text in rows:
                if mapping.get(name, absent) is not value:
                    tell(text)
        if transformers:
            tell("code is rewritten before it runs")

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "exec":
            code = arguments[0]
            if is_instance(code, code_type) and code.co_name[:1] == "<":
                inspect()
                if code.co_filename[: folder.__len__()] == folder:
                    tell(f"code was run from the file {code.co_filename}")
                with suppress(error):
                    write(descriptor, b".")
        elif event in suspicious:
            tell(f"{event} was called")
        elif event == "object.__setattr__" and arguments[1] == "__code__":
            tell("a function's code was replaced")
        elif event == "open" and is_instance(arguments[0], string) and "/mem" in arguments[0]:
            tell("a process's memory was opened")

    return hook
