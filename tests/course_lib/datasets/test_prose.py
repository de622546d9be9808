"""The script that takes the prose out of the book's pages."""

import importlib.util
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "scripts" / "datasets" / "prose.py"
spec = importlib.util.spec_from_file_location("prose", SCRIPT)
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
prose = module.prose


def test_front_matter_code_and_directives_are_left_out():
    page = """---
kernelspec: {name: python3}
---

# A title

First.

```{code-cell} ipython3
---
tags: [hide-input]
---
print("code")
```

::::{admonition} Outer
:::{note}
```python
inner = ":::"
```
:::
still inside
::::

~~~
plain fence with ``` in it
~~~

Second.
"""
    assert prose(page) == "A title\n\nFirst.\n\nSecond."


def test_wrapped_lines_are_joined_and_list_items_kept_apart():
    page = "A line\nthat goes on.\n\n- one\n  more of it\n* two\n\n1. three\n"
    assert prose(page) == "A line that goes on.\n\n- one more of it\n- two\n\n- three"


def test_a_heading_ends_at_its_line():
    assert prose("## A heading\ntext") == "A heading\ntext"


def test_tables_labels_comments_and_options_vanish():
    page = "(here)=\n## Heading\n\n| a | b |\n|---|---|\n\n% note\n+++\n<!-- a\nb -->\n\nText.\n"
    assert prose(page) == "Heading\n\nText."


@pytest.mark.parametrize(
    ("markup", "seen"),
    [
        ("**bold**, *slanted* and `code`.", "bold, slanted and code."),
        ("[a link](page.md#x) and <https://example.org> and ![alt](a.png).", "a link and and."),
        ("{doc}`The loop <../loop>` and {term}`loss`.", "The loop and loss."),
        ("As Rosenblatt said {cite:p}`rosenblatt1958`, {eq}`step`.", "As Rosenblatt said,."),
        ("The weight $W_1$ and $x_1, \\dots, x_D$.", "The weight W1 and x1, ..., xD."),
        ("With $\\sigma(z) \\le 1$ and $W^\\top$.", "With sigma(z) <= 1 and W.T."),
        ("A fraction $\\frac{a}{b}$ is dropped.", "A fraction is dropped."),
        ("2 * 3 * 4 and a_b_c", "2 * 3 * 4 and a_b_c"),
        ("“Quoted” – it’s naïve… 8 × 8", '"Quoted" - it\'s naive... 8 x 8'),
        ("costs \\$5 \\* 2", "costs $5 * 2"),
    ],
)
def test_inline_markup_becomes_what_a_reader_sees(markup, seen):
    assert prose(markup) == seen


def test_displayed_formulas_vanish_with_their_labels():
    page = "Before\n\n$$\ny = x W\n$$ (dense)\n\n\\begin{align}\na &= b\n\\end{align}\n\nafter."
    assert prose(page) == "Before\n\nafter."


def test_the_result_is_ascii():
    assert prose("日本 α → β ∂x").isascii()


def test_a_fence_that_is_never_closed_is_an_error():
    with pytest.raises(ValueError, match="never closed"):
        prose("```python\nx = 1\n")
