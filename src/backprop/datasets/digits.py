"""The stand-in for MNIST and Fashion-MNIST: the handwritten digits of scikit-learn, which need no network."""

from __future__ import annotations

from typing import Any

import numpy as np


def stand_in(reason: str) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Arrays and provenance of the stand-in, with every sixth image in the test set; `reason` ends its `detail`."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    images, labels = enlarged(digits.images), digits.target.astype(np.uint8)
    test = np.arange(len(labels)) % 6 == 5
    arrays = {
        "train_images": images[~test],
        "train_labels": labels[~test],
        "test_images": images[test],
        "test_labels": labels[test],
    }
    detail = f"Handwritten digits of few pixels that come with scikit-learn. {reason}"
    return arrays, {"source": "bundled", "detail": detail, "md5": {}, "classes": [str(digit) for digit in range(10)]}


def enlarged(images: np.ndarray) -> np.ndarray:
    """Images [n, 8, 8] with grey levels 0 ... 16, enlarged three times, as uint8 [n, 28, 28] with a border of 2 pixels.

    Grey levels are interpolated linearly between the centres of the pixels, in integers, so that every machine computes
    the same bytes.
    """
    left, part = np.divmod(2 * np.arange(24) - 2, 6)  # the nearest centre to the left, and the distance in pixels / 6
    weights = np.zeros((24, 8), dtype=np.int64)
    for row, (start, share) in enumerate(zip(left, part, strict=True)):
        weights[row, np.clip(start, 0, 7)] += 6 - share
        weights[row, np.clip(start + 1, 0, 7)] += share
    sums = weights @ images.astype(np.int64) @ weights.T  # 36 times the grey level
    grey = (sums * 255 + 8 * 36) // (16 * 36)
    return np.pad(grey.astype(np.uint8), ((0, 0), (2, 2), (2, 2)))
