"""Text for a model of characters: the prose of this book, and the numbers that stand for letters.

Equation: ``ids[t] = index of text[t] in characters``.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_lib._checks import check_labels
from course_lib.datasets._shipped import FOLDER


def load_text() -> str:
    """Load the prose of the book's chapters, then that of the project's README and guide.

    Code, directives, tables and displayed formulas are left out; what remains is plain ASCII with
    one paragraph, heading or list item a line and an empty line between blocks. It is the state of
    the pages when ``scripts/datasets/make_text.py`` last ran; ``provenance.json`` says how much.

    Returns
    -------
    str
        Letters, digits, punctuation, spaces and line ends. Licence CC BY 4.0, like the book.

    Examples
    --------
    >>> text = load_text()
    >>> text.isascii(), "neuron" in text
    (True, True)
    """
    return (FOLDER / "text.txt").read_text("ascii")


class Vocabulary:
    """The distinct characters of a text, each with a number: ``ids[t] = index of text[t]``.

    Parameters
    ----------
    text : str
        At least one character.

    Attributes
    ----------
    characters : str
        The V distinct characters in the order of their code points; character i has number i.

    Raises
    ------
    ValueError, TypeError
        If `text` is empty or no string.

    Examples
    --------
    >>> vocabulary = Vocabulary("banana")
    >>> vocabulary.characters, len(vocabulary)
    ('abn', 3)
    >>> vocabulary.encode("nab")
    array([2, 0, 1])
    >>> vocabulary.decode([1, 0, 2])
    'ban'
    """

    def __init__(self, text: str) -> None:
        if not _check_text(text, "Vocabulary"):
            raise ValueError("Vocabulary expected text of at least one character, got ''")
        self.characters: str = "".join(sorted(set(text)))
        self._index = {character: i for i, character in enumerate(self.characters)}

    def encode(self, text: str) -> NDArray[np.int64]:
        """Turn a text of T characters into numbers.

        Parameters
        ----------
        text : str

        Returns
        -------
        ndarray of int64, shape (T,)
            From 0 to V − 1.

        Raises
        ------
        ValueError, TypeError
            If a character is not in the vocabulary, or `text` is no string.
        """
        unknown = sorted(set(_check_text(text, "Vocabulary.encode")) - set(self.characters))
        if unknown:
            raise ValueError(
                "Vocabulary.encode expected characters of the vocabulary, "
                f"got {', '.join(map(repr, unknown))}"
            )
        return np.array([self._index[character] for character in text], np.int64)

    def decode(self, ids: ArrayLike) -> str:
        """Turn numbers back into the text: ``decode(encode(text)) == text``.

        Parameters
        ----------
        ids : array_like of int, shape (T,)

        Returns
        -------
        str

        Raises
        ------
        ValueError, TypeError
            If `ids` is not flat, or a number is no integer from 0 to V − 1.
        """
        ids = np.asarray(ids)
        if ids.shape == (0,):
            return ""
        ids = check_labels(ids, "Vocabulary.decode", "ids", ids.size, len(self))
        return "".join(self.characters[i] for i in ids)

    def __len__(self) -> int:
        return len(self.characters)

    def __repr__(self) -> str:
        return f"Vocabulary({self.characters!r})"


def _check_text(text: str, owner: str) -> str:
    if not isinstance(text, str):
        raise TypeError(f"{owner} expected text to be a str, got {type(text).__name__}")
    return text
