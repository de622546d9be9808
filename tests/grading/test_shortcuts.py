"""The grader's kernel spares IPython some work; what comes out is what IPython gives."""

import inspect

import pytest
import stack_data
from course_grader import shortcuts
from hypothesis import given
from hypothesis import strategies as st
from ipykernel import compiler
from IPython.core.inputtransformer2 import TransformerManager
from IPython.core.interactiveshell import InteractiveShell
from pygments.formatters.terminal256 import Terminal256Formatter
from pygments.styles import get_style_by_name
from stack_data import style_with_executing_node

CELLS = [
    "x = 1\ny = x % 2 != 0",
    "print('really?')",
    "text = '''\n%not a magic\n!nor a command\n'''",
    "x = (1\n     % 2)",
    "x?",
    "x ?  # with a comment",
    "?print",
    "np.max??",
    "%matplotlib inline",
    "    %time x = 1",
    "if True:\n    !echo indented",
    "x = %time 1",
    "x =!ls",
    "files = \\\n !ls",
    "%%time\nx = 1",
    "/print 1",
    ", print a b",
    ";print a b",
    ">>> x = 1\n>>> x",
    "In [1]: x = 1",
    "x = 'unfinished",
    "def f(:",
    "x = 1 ; y?",
    "# what is this?",
    "a = {'k': 1}; a['k'] %= 3",
    "s = f'{x!r} %d' % 3",
]
PIECES = ["x", " = ", "%", "!", "?", "\n", "    ", "'", '"""', "#", "/", ",", ";", "\\\n", "(", ")"]


@pytest.mark.parametrize("cell", CELLS)
def test_cells_are_translated_as_ipython_translates_them(cell):
    assert shortcuts.PlainCells().transform_cell(cell) == TransformerManager().transform_cell(cell)


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_any_cell_is_translated_as_ipython_translates_it(cell):
    def outcome(manager):
        try:
            return manager.transform_cell(cell)
        except Exception as error:  # IndexError too, where IPython itself stumbles
            return type(error)

    expected = outcome(TransformerManager())
    got = outcome(shortcuts.PlainCells())
    # A cell that Python cannot take apart is refused a moment later, when it is compiled.
    assert got == expected or (isinstance(expected, type) and not compiles(got))


def compiles(cell):
    try:
        compile(cell, "cell", "exec")
    except SyntaxError:
        return False
    return True


def test_a_transformer_that_a_student_adds_is_used():
    seen = []

    class Listener:
        find = seen.append

    manager = shortcuts.PlainCells()
    manager.token_transformers = [*manager.token_transformers, Listener]
    manager.transform_cell("x = 1")
    assert seen


@pytest.fixture
def shell(monkeypatch):
    monkeypatch.setattr(inspect, "modulesbyfile", dict(inspect.modulesbyfile))
    monkeypatch.setattr(compiler, "murmur2_x86", compiler.murmur2_x86)
    shell = InteractiveShell()
    shortcuts.in_kernel(shell)
    yield shell
    InteractiveShell.clear_instance()


@pytest.mark.parametrize(
    "cell", ["x = 1", "await f()", "async with a: pass", "x = 'await'", "await = 1", "def f(:"]
)
def test_cells_run_asynchronously_where_ipython_would(shell, cell):
    assert shell.should_run_async(cell, transformed_cell=cell) == InteractiveShell.should_run_async(
        shell, cell, transformed_cell=cell
    )


def test_cells_with_another_text_have_another_file_name(shell):
    names = [compiler.get_file_name(text) for text in ("x = 1", "x = 2", "é", "x = 1")]
    assert len(set(names)) == 3
    assert names[0] == names[3]


@pytest.mark.grading
def test_top_level_await_and_magics_still_work_in_a_graded_notebook(course):
    answer = "async def later():\n    return sum\n%time 1 + 1\ntotal = await later()\n"
    course.submit("ada", mean=answer + "def mean(values):\n    return total(values) / len(values)")
    entry = course.report()["ada"]
    assert (entry["flags"], entry["status"], entry["score"]) == ([], "graded", 3.5)


def test_shared_styles_and_colours_are_those_of_pygments(monkeypatch):
    monokai = get_style_by_name("monokai")
    plain = Terminal256Formatter(style=monokai).style_string
    marked = stack_data.style_with_executing_node(monokai, "bg:#00005f")
    lit = Terminal256Formatter(style=marked).style_string
    monkeypatch.setattr(Terminal256Formatter, "_setup_styles", Terminal256Formatter._setup_styles)
    monkeypatch.setattr(stack_data, "style_with_executing_node", style_with_executing_node)
    shortcuts.before_forks()
    for _ in range(2):
        assert Terminal256Formatter(style=monokai).style_string == plain
        again = stack_data.style_with_executing_node(monokai, "bg:#00005f")
        assert Terminal256Formatter(style=again).style_string == lit
        other = stack_data.style_with_executing_node(monokai, "bg:#ff0000")
        assert Terminal256Formatter(style=other).style_string != lit
    bold, meek = (Terminal256Formatter(style=monokai, **o) for o in ({}, {"nobold": True}))
    assert bold.style_string != meek.style_string
