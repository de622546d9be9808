import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.datasets import Vocabulary, load_text


def test_the_text_is_plain_prose_of_this_book():
    text = load_text()
    assert text.isascii()
    assert set(text) <= {"\n", *map(chr, range(32, 127))}
    assert len(text) > 10_000
    assert "neural network" in text
    for markup in ("```", ":::", "$$", "{ref}", "**", "](", "import numpy", "<https"):
        assert markup not in text


def test_the_whole_text_survives_encoding():
    text = load_text()
    vocabulary = Vocabulary(text)
    ids = vocabulary.encode(text)
    assert ids.dtype == np.int64
    assert ids.shape == (len(text),)
    assert ids.min() == 0
    assert ids.max() == len(vocabulary) - 1
    assert vocabulary.decode(ids) == text


@settings(deadline=None)
@given(text=st.text(min_size=1))
def test_decoding_undoes_encoding(text):
    vocabulary = Vocabulary(text)
    assert len(vocabulary) == len(set(text))
    assert vocabulary.decode(vocabulary.encode(text)) == text
    assert np.array_equal(vocabulary.encode(vocabulary.characters), np.arange(len(vocabulary)))


def test_the_order_of_a_texts_characters_does_not_matter():
    assert Vocabulary("cab").characters == Vocabulary("bbac").characters == "abc"


def test_nothing_is_encoded_as_nothing():
    vocabulary = Vocabulary("ab")
    assert vocabulary.encode("").shape == (0,)
    assert vocabulary.encode("").dtype == np.int64
    assert vocabulary.decode(vocabulary.encode("")) == ""


def test_unknown_characters_are_named():
    with pytest.raises(ValueError, match=r"got '\\n', 'c', 'é'$"):
        Vocabulary("ab").encode("abcéc\n")


@pytest.mark.parametrize(
    ("ids", "error", "message"),
    [
        ([0, 2], ValueError, "between 0 and 1, got 2"),
        ([-1], ValueError, "between 0 and 1, got -1"),
        ([0.0, 1.0], TypeError, "integer labels, got dtype float64"),
        ([[0, 1]], ValueError, r"shape \(2,\), got \(1, 2\)"),
        (0, ValueError, r"got \(\)"),
    ],
)
def test_numbers_that_stand_for_no_character_are_refused(ids, error, message):
    with pytest.raises(error, match=message):
        Vocabulary("ab").decode(ids)


@pytest.mark.parametrize("text", [None, b"ab", ["a", "b"]])
def test_what_is_no_text_is_refused(text):
    with pytest.raises(TypeError, match="Vocabulary expected text to be a str"):
        Vocabulary(text)
    with pytest.raises(TypeError, match=r"Vocabulary\.encode expected text to be a str"):
        Vocabulary("ab").encode(text)


def test_a_vocabulary_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one character"):
        Vocabulary("")
