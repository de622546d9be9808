"""The pictures of README and book: what the script makes of a terminal, and what it has made."""

import re
import sys

from .conftest import ROOT

sys.path.insert(0, str(ROOT / "scripts"))
from take_screenshots import COLUMNS, HEAVIEST, TARGET, on_screen


def test_a_bar_that_is_drawn_anew_is_shown_as_it_was_last():
    written = "\r\x1b[K[#.] 1/2\r\x1b[K[##] 2/2\r\nstudent  score\r\n"
    assert on_screen(written, 24) == "[##] 2/2\nstudent  score"


def test_colours_are_left_out_and_text_is_kept():
    assert on_screen("\x1b[33m[App | WARNING]\x1b(B\x1b[m said\r\n", 24) == "[App | WARNING] said"


def test_a_screen_shows_its_last_rows_and_wraps_long_lines():
    written = "first\r\n\r\n" + "x" * (COLUMNS + 1) + "\r\nlast\r\n\r\n"
    assert on_screen(written, 2) == "x\nlast"
    assert on_screen(written, 5) == f"first\n\n{'x' * COLUMNS}\nx\nlast"


def test_every_picture_that_was_taken_is_light_and_the_texts_show_none_that_is_missing():
    pictures = {path.name: path.stat().st_size for path in TARGET.iterdir()}
    assert pictures
    assert all(size < HEAVIEST for size in pictures.values())
    for text in ("README.md", "book/how-to-use.md"):
        shown = re.findall(r"screenshots/([\w-]+\.png)", (ROOT / text).read_text(encoding="utf-8"))
        assert shown
        assert set(shown) <= pictures.keys()
