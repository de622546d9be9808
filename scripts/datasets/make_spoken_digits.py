"""Speak the ten digits with espeak-ng and ship their log-mel features; run by the authors.

``python scripts/datasets/make_spoken_digits.py`` needs Debian's espeak-ng on the path. Speakers
are espeak-ng's voice variants; those of the test part are heard nowhere in the training part.
"""

import subprocess
import tempfile
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from ship import ship

from course_lib.datasets.mel import log_mel

WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
TRAIN = [
    "m1",
    "m2",
    "m3",
    "m4",
    "m5",
    "m7",
    "f1",
    "f2",
    "f3",
    "croak",
    "klatt",
    "klatt4",
    "grandma",
    "david",
    "adam",
    "Annie",
    "Alicia",
    "Denis",
    "Gene",
    "Jacky",
    "boris",
    "gustave",
    "linda",
    "Lee",
    "marcelo",
    "steph",
    "travis",
    "Nguyen",
]
TEST = [
    "m6",
    "f4",
    "Andrea",
    "grandpa",
    "victor",
    "paul",
    "edward",
    "Henrique",
    "aunty",
    "Alex",
    "pedro",
    "shelby",
]
# "en" is British; by its other name, "en-gb", espeak-ng 1.51 ignores the speaker without a word.
ACCENTS = [
    "en",
    "en-us",
    "en-029",
    "en-gb-scotland",
    "en-gb-x-rp",
    "en-gb-x-gbclan",
    "en-gb-x-gbcwmd",
]
TAKES = 4  # of each word by each speaker
RATE = 8000
CLIPS = (1, 3, 6, 7)  # digits of which one take is shipped as sound
SEED = 20240


def speak(word: str, voice: str, speed: int, pitch: int) -> NDArray[np.float64]:
    """Return the word as samples in [-1, 1] at `RATE`, silence trimmed, at a common loudness."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "word.wav"
        command = ["espeak-ng", "-v", voice, "-s", str(speed), "-p", str(pitch), "-w", str(path)]
        subprocess.run([*command, word], check=True)
        with wave.open(str(path)) as sound:
            original = sound.getframerate()
            samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2") / 32768
    # A band-limited change of rate: keep the low part of the spectrum of the whole word.
    n = round(len(samples) * RATE / original)
    samples = np.fft.irfft(np.fft.rfft(samples)[: n // 2 + 1], n) * n / len(samples)
    loud = np.flatnonzero(np.abs(samples) > 0.02 * np.abs(samples).max())
    samples = samples[loud[0] : loud[-1] + 1]
    return samples * 0.1 / np.sqrt(np.mean(samples**2))


def record(word: str, speaker: str, noisy: bool, rng: np.random.Generator) -> NDArray[np.int16]:
    """Speak with a random accent, speed and pitch; add silence around and, if asked, noise."""
    voice = f"{rng.choice(ACCENTS)}+{speaker}"
    speed, pitch = int(rng.integers(120, 221)), int(rng.integers(25, 76))
    samples = speak(word, voice, speed, pitch)
    power = np.mean(samples**2)
    before, after = rng.integers(0, RATE // 10, 2)
    samples = np.pad(samples, (before, after))
    if noisy:  # at 10 dB: the noise has a tenth of the speech's power
        samples = samples + np.sqrt(power / 10) * rng.standard_normal(len(samples))
    return np.round(np.clip(samples, -1, 1) * 32767).astype(np.int16)


def check_speakers(speakers: list[str]) -> None:
    """Stop if a name was ignored: in each accent, no two speakers may sound alike."""
    for accent in ACCENTS:
        sounds = {speak("seven", f"{accent}+{speaker}", 150, 50).tobytes() for speaker in speakers}
        if len(sounds) < len(speakers):
            raise SystemExit(f"in {accent}, {len(speakers)} speakers have {len(sounds)} voices")


def main() -> None:
    """Record every take, turn it into features, and store those with 8 bits a number."""
    rng = np.random.default_rng(SEED)
    speakers = TRAIN + TEST
    check_speakers(speakers)
    features, labels, voices, noises, clips = [], [], [], [], {}
    for s, speaker in enumerate(speakers):
        for digit, word in enumerate(WORDS):
            noises_of_takes = rng.permutation(np.arange(TAKES) % 2)
            for noisy in noises_of_takes:
                sound = record(word, speaker, bool(noisy), rng)
                features.append(log_mel(sound / 32767, rate=RATE))
                labels.append(digit)
                voices.append(s)
                noises.append(noisy)
                if digit in CLIPS and not noisy and str(digit) not in clips:
                    clips[str(digit)] = sound
    frames = np.concatenate(features)
    low, high = frames.min(), frames.max()
    origin = "synthesized with espeak-ng 1.51 (Debian); no person was recorded"
    licence = "CC BY 4.0, like the book (espeak-ng itself is GPL-3.0-or-later; none of it is here)"
    ship(
        "spoken_digits",
        {
            "frames": np.round((frames - low) / (high - low) * 255).astype(np.uint8),
            "range": np.array([low, high]),
            "lengths": np.array([len(f) for f in features], np.uint8),
            "labels": np.array(labels, np.uint8),
            "voices": np.array(voices, np.uint8),
            "noisy": np.array(noises, np.bool_),
            "names": np.array(speakers),
            "held_out": np.array([speaker in TEST for speaker in speakers]),
        },
        origin=origin,
        licence=licence,
        made=(
            "scripts/datasets/make_spoken_digits.py; log-mel features by course_lib.datasets.mel, "
            "rounded to 8 bits"
        ),
    )
    ship(
        "spoken_clips",
        clips,
        origin=origin,
        licence=licence,
        made="scripts/datasets/make_spoken_digits.py; takes of the training part, 8000 Hz",
    )


if __name__ == "__main__":
    main()
