import base64
import io
import re
import wave

import numpy as np
import pytest

from course_lib.datasets import load_spoken_clip
from course_lib.demos.sound import sound


def test_a_sound_is_a_wav_file_of_its_samples():
    samples, rate = load_spoken_clip(6)
    with wave.open(io.BytesIO(sound(samples, rate=rate, caption="six").wav)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, rate)
        read = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32767
    np.testing.assert_allclose(read, samples, atol=1 / 32767)


def test_a_page_holds_the_whole_sound_and_its_name():
    made = sound([0.0, 0.5, -1.0], rate=8000, caption='"six" & <more>')
    page = made._repr_html_()
    assert re.findall(r'aria-label="([^"]*)"', page) == ["&quot;six&quot; &amp; &lt;more&gt;"]
    assert "<audio controls" in page
    (data,) = re.findall(r'src="data:audio/wav;base64,([^"]*)"', page)
    assert base64.b64decode(data) == made.wav
    assert "http" not in page


@pytest.mark.parametrize("samples", [[0.0, 1.5], [np.nan], []])
def test_what_is_no_sound_is_refused(samples):
    with pytest.raises(ValueError, match="samples"):
        sound(samples, rate=8000, caption="noise")


@pytest.mark.parametrize("caption", ["", " ", None])
def test_a_sound_without_a_caption_is_refused(caption):
    with pytest.raises(ValueError, match="caption"):
        sound([0.0], rate=8000, caption=caption)
