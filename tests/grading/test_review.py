"""What a student's code may say without being flagged, and what not."""

from typing import Any

import pytest
from course_grader.review import suspicions
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

SOURCE: dict[str, Any] = {
    "cells": [
        {
            "name": "test",
            "locked": True,
            "source": "import numpy as np\nfrom numpy.testing import assert_allclose\n"
            "def check(f): assert_allclose(f(1), 1)\nassert isinstance(f(1), float)",
        },
        {"name": "answer", "locked": False, "source": "# define __matmul__ and __sub__ here"},
    ]
}
HARMLESS = [
    "def f(x):\n    '''Tell that __init__ and __dict__ exist.'''\n    return x",
    "import numpy as np\nimport matplotlib.pyplot as plt\nfrom course_lib import Dense",
    "%matplotlib inline\n%time f(1)\n!ls\nx = 3",
    "class Layer:\n    def __init__(self, W):\n        self.W = W\n        self.mean = 0\n"
    "    def __call__(self, x):\n        return x @ self.W",
    "class V:\n    def __sub__(self, other):\n        return 1\n    def __matmul__(self, o): ...",
    "layer = Dense(1, 2, rng=np.random.default_rng(0))\nlayer.W.value = np.ones((1, 2))",
    "print(type(3), type(3) is int, getattr(f, 'name', None))",
    "for i, (a, b) in enumerate(zip([1], [2])):\n    total = [c for c in (a, b)]",
    "def f(check):\n    assert_allclose = 3\n    return check",
    "x = 'broken syntax",
    "if __name__ == '__main__':\n    print('__main__')",
    "print(f.__name__, f.__doc__, np.__version__, f.__class__.__name__)",
    "fig, ax = plt.subplots()\nax.set_title('z')\nplt.rcParams['figure.dpi'] = 72",
    "from IPython.display import display\ndisplay(3)",
    # A correct answer of the chapter on attention called the scores with the future hidden so.
    "masked = np.where(allowed, scores, -np.inf)\nshares = np.exp(masked - masked.max())",
    "def weights(masked, modules):\n    kill = masked\n    return kill * modules",
    "np.set_printoptions(precision=3)\nx = np.array([1.0]); x[0] = 2; x += 1",
]
SUSPICIOUS = [
    "import ctypes",
    "import numpy as np, gc",
    "from unittest.mock import ANY",
    "np.testing.assert_allclose = print",
    "import numpy as np\nnp.abs = print",
    "t = np.testing\nt.assert_equal = print",
    "for np.allclose in [print]: pass",
    "def check(f): pass",
    "isinstance = lambda *a: True",
    "match print:\n    case check: pass",
    "def g():\n    global assert_allclose\n    assert_allclose = print",
    "import builtins as check",
    "class A:\n    def __eq__(self, other): return True",
    "class A:\n    __eq__ = lambda self, other: True",
    "class A(metaclass=type): pass",
    "A = type('A', (), {})",
    "t = type",
    "A = type(type)('A', (), {})",
    "g = getattr\ng(f, 'x')",
    "getattr(f, '_' + '_globals__')",
    "setattr(np, 'abs', print)",
    "f.__globals__['check'] = print",
    "print(f'{f.__code__}')",
    "'{0.__globals__}'.format(f)",
    "exec('1')",
    "eval('1')",
    "get_ipython().run_cell('1')",
    "%run other.py",
    "%%time\nimport ctypes",
    "import sys\nsys.modules.clear()",
    "import sys\nsys.stderr = None",
    "import dataclasses\ndataclasses.builtins",
    "np.ma.masked_all(3)",
    "from numpy.ma import masked",
    "import numpy.ma as hidden",
    "from numpy import *\nma = ma.masked_all",
    "getattr(np, 'ma')",
    "np.genfromtxt(['1'], usemask=True)",
    "def f(kill): pass\ndef g(): kill(1, 9)\nfrom os import *",
    "import sys\ngetattr(sys, '_getframe')",
    "try:\n    1 / 0\nexcept Exception as e:\n    e.__traceback__",
    "import os\nos._exit(0)",
]


def cells(*sources: str) -> NotebookNode:
    return new_notebook(cells=[new_code_cell(source) for source in sources])


@pytest.mark.parametrize("code", HARMLESS)
def test_ordinary_code_is_not_flagged(code):
    assert suspicions(cells(code), SOURCE) == []


@pytest.mark.parametrize("code", SUSPICIOUS)
def test_code_that_could_tamper_is_flagged(code):
    assert len(suspicions(cells("x = 1", code), SOURCE)) >= 1


def test_the_instructors_own_cells_are_not_read():
    notebook = cells("import ctypes")
    notebook.cells[0].metadata["nbgrader"] = {"grade_id": "test", "locked": True}
    assert suspicions(notebook, SOURCE) == []
