"""Long lists of names, written as the text that they are."""


def words(text: str) -> frozenset[str]:
    """Return the set of words in a text.

    Examples
    --------
    >>> sorted(words("to be or not to be"))
    ['be', 'not', 'or', 'to']
    """
    return frozenset(text.split())
