"""Ship the handwritten digits; run by the authors: ``python scripts/datasets/make_digits.py``."""

import numpy as np
from ship import ship
from sklearn.datasets import load_digits


def main() -> None:
    """Take scikit-learn's copy and keep its whole numbers 0 … 16 as bytes."""
    digits = load_digits()
    pixels, labels = digits.data.astype(np.uint8), digits.target.astype(np.uint8)
    if not np.array_equal(pixels, digits.data) or pixels.max() > 16:
        raise SystemExit("the pixels are no longer whole numbers between 0 and 16")
    ship(
        "digits",
        {"pixels": pixels, "labels": labels},
        origin=(
            "Alpaydin and Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine "
            "Learning Repository, doi:10.24432/C50P49; the test set, as bundled by scikit-learn's "
            "load_digits"
        ),
        licence="CC BY 4.0",
        made="scripts/datasets/make_digits.py; pixels 0 … 16 and labels stored as uint8, unchanged",
    )


if __name__ == "__main__":
    main()
