"""Record the expert on the course's track; run by the authors.

``python scripts/datasets/make_driving.py``
"""

import numpy as np
from numpy.typing import NDArray
from ship import ship

from course_lib.datasets.driving import drive, expert
from course_lib.datasets.track import winding_track

LAPS = 2


def main() -> None:
    """Drive two laps and keep the readings, to the millimetre, and the steering."""
    track = winding_track()

    def policy(readings: NDArray[np.float64], state: NDArray[np.float64]) -> float:
        return float(expert(track, state))

    record = drive(policy, track, steps=LAPS * round(track.length))
    if not record.on_track.all():
        raise SystemExit("the expert left the track")
    ship(
        "driving",
        {
            "readings": record.readings.round(3).astype(np.float32),
            "steering": record.steering.round(4).astype(np.float32),
        },
        origin="simulated by course_lib.datasets: a pure-pursuit driver on the course's own track",
        licence="CC BY 4.0, like the book",
        made="scripts/datasets/make_driving.py; two laps without noise, rounded to 1 mm and 0.0001",
    )


if __name__ == "__main__":
    main()
