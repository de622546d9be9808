"""Show code of the library itself, so that a chapter can never disagree with what runs."""

import ast
import inspect
import textwrap
from typing import Any


class Source:
    """Python source that notebooks and the book show with colours; made by `source`.

    Examples
    --------
    >>> Source("x = 1")
    x = 1
    """

    def __init__(self, code: str) -> None:
        self.code = code

    def _repr_markdown_(self) -> str:
        return f"```python\n{self.code}\n```"

    def __repr__(self) -> str:
        return self.code


def source(thing: Any, *, docstring: bool = False) -> Source:
    """Return the source code of a function, method or class as it stands in the library.

    Parameters
    ----------
    thing : function, method or class
    docstring : bool, optional
        Whether to keep docstrings; the chapter around the code usually says more.

    Raises
    ------
    TypeError
        If `thing` has no Python source.

    Examples
    --------
    >>> from course_lib.architecture import Perceptron
    >>> source(Perceptron.forward)
    # Perceptron.forward, in course_lib/architecture/neuron.py
    def forward(self, x: ArrayLike) -> NDArray[np.int64]:
        return (self.score(x) > 0).astype(np.int64)
    """
    try:
        code = textwrap.dedent(inspect.getsource(thing)).rstrip()
    except (TypeError, OSError) as error:
        raise TypeError(
            f"source expected a function or class with source, got {thing!r}"
        ) from error
    place = f"# {thing.__qualname__}, in {thing.__module__.replace('.', '/')}.py\n"
    if docstring:
        return Source(place + code)
    lines = code.splitlines()
    for node in ast.walk(ast.parse(code)):
        if not isinstance(node, ast.FunctionDef | ast.ClassDef):
            continue
        first = node.body[0]
        if ast.get_docstring(node) is not None and len(node.body) > 1:
            assert first.end_lineno is not None  # parsed from text, so positions are known
            # The docstring and the blank line after it go together.
            last = first.end_lineno
            if last < len(lines) and not lines[last].strip():
                last += 1
            for i in range(first.lineno - 1, last):
                lines[i] = "\0"
    return Source(place + "\n".join(line for line in lines if line != "\0"))
