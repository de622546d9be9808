"""What a control offers: its label, its kind and its options, as plain data for the front end.

Numbers make a slider; up to four texts or truth values make radio buttons, more make a menu.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

Value = bool | int | float | str


def plain_value(value: Any) -> Value:
    """Turn a NumPy scalar into Python's own, which a page can hold.

    Raises
    ------
    TypeError
        If it is neither a number nor a text.

    Examples
    --------
    >>> plain_value(np.float32(0.5))
    0.5
    """
    plain = value.item() if isinstance(value, np.generic) else value
    if not isinstance(plain, (bool, int, float, str)):
        raise TypeError(f"explore expected choices to be numbers or texts, got {value!r}")
    return plain


def text_of(value: Value) -> str:
    """Write a value as the page shows it.

    Examples
    --------
    >>> text_of(-0.5), text_of(True)
    ('−0.5', 'yes')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    # A true minus sign is as wide as a plus, and screen readers say "minus".
    return f"{value:g}".replace("-", "\N{MINUS SIGN}") if isinstance(value, float | int) else value


def make_control(name: str, values: Sequence[Any], label: str) -> dict[str, Any]:
    """Describe a control: ``name``, ``label``, ``kind`` and ``options``.

    Raises
    ------
    ValueError, TypeError
        If there are fewer than two values, equal ones, or ones that are neither numbers nor texts.

    Examples
    --------
    >>> make_control("rate", [0.1, 1.0], "learning rate")["kind"]
    'range'
    """
    choices = [plain_value(value) for value in values]
    if len(choices) < 2:
        raise ValueError(f"explore expected at least two choices for {name}, got {choices}")
    if len(set(choices)) != len(choices):
        raise ValueError(f"explore expected different choices for {name}, got {choices}")
    texts = any(isinstance(value, (str, bool)) for value in choices)
    kind = "range" if not texts else "radio" if len(choices) <= 4 else "select"
    options = [{"value": value, "text": text_of(value)} for value in choices]
    return {"name": name, "label": label, "kind": kind, "options": options}
