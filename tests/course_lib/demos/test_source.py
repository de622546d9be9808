"""Chapters show the library's own code; what they show is what runs."""

import inspect

import pytest

from course_lib import Dense, Perceptron, sigmoid
from course_lib.demos import source


@pytest.mark.parametrize("thing", [Dense, Dense.backward, Perceptron.fit, sigmoid])
def test_what_is_shown_is_the_code_of_the_library_but_for_its_docstrings(thing):
    shown = source(thing).code.splitlines()[1:]
    real = [line.strip() for line in inspect.getsource(thing).splitlines()]
    assert all(line.strip() in real for line in shown)
    assert '"""' not in "\n".join(shown)
    compile("\n".join(shown), "shown", "exec", dont_inherit=True, flags=0)


def test_the_first_line_says_where_the_code_stands():
    assert repr(source(Dense.forward)).startswith(
        "# Dense.forward, in course_lib/architecture/layers.py\n"
    )


def test_docstrings_are_kept_on_request():
    assert "np.ones((5, 2))" in source(Dense, docstring=True).code


def test_a_notebook_gets_a_fenced_block_with_colours():
    assert source(sigmoid)._repr_markdown_().startswith("```python\n")


@pytest.mark.parametrize("thing", [3, "Dense", len])
def test_what_has_no_python_source_is_refused(thing):
    with pytest.raises(TypeError, match="function or class with source"):
        source(thing)
