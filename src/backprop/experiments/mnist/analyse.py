"""One row per network: accuracy, confidence and final training loss."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from backprop.experiments.mnist.protocol import Protocol
from backprop.results.tables import Column

COLUMNS = (
    Column("seed", pa.int64(), "the network's seed"),
    Column("accuracy_before", pa.float64(), "share of test images recognised before training"),
    Column("accuracy", pa.float64(), "share of test images recognised after the last epoch"),
    Column("accuracy_training_mode", pa.float64(), "share of test images recognised in training mode, without eval()"),
    Column("wrong", pa.int64(), "number of test images misclassified"),
    Column("loss_first", pa.float64(), "cross-entropy of the first batch", "nats"),
    Column("loss_last_epoch", pa.float64(), "mean cross-entropy of the last epoch's batches", "nats"),
    Column(
        "confidence_right",
        pa.float64(),
        "mean probability of the answer over images classified correctly; nan if there are none",
    ),
    Column(
        "confidence_wrong",
        pa.float64(),
        "mean probability of the answer over images misclassified; nan if there are none",
    ),
)


def analyse(protocol: Protocol, arrays: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Measure every network of one variant after its last epoch."""
    right = arrays["answers"] == arrays["labels"]
    images = right.shape[1]
    steps = arrays["losses"].shape[1] // protocol.epochs
    return pd.DataFrame(
        {
            "seed": arrays["seeds"],
            "accuracy_before": arrays["correct"][:, 0] / images,
            "accuracy": arrays["correct"][:, -1] / images,
            "accuracy_training_mode": arrays["correct_training_mode"] / images,
            "wrong": (~right).sum(axis=1),
            "loss_first": arrays["losses"][:, 0].astype(float),
            "loss_last_epoch": arrays["losses"][:, -steps:].mean(axis=1, dtype=float),
            "confidence_right": _mean_where(arrays["confidence"], right),
            "confidence_wrong": _mean_where(arrays["confidence"], ~right),
        }
    )


def confusion(arrays: Mapping[str, np.ndarray], classes: int = 10) -> np.ndarray:
    """Confusion matrices: numbers of test images by true class and answer, [networks, true, answered]."""
    cells = arrays["labels"].astype(int) * classes + arrays["answers"]
    return np.stack([np.bincount(row, minlength=classes**2).reshape(classes, classes) for row in cells])


def most_wrong(arrays: Mapping[str, np.ndarray], count: int) -> pd.DataFrame:
    """The `count` images with the most confident wrong answers, on average over all networks.

    Columns: place (index into missed_images), label, answer (the most frequent wrong one), networks (how many answered
    wrongly), confidence (mean probability of the wrong answer, where a network that is right counts as 0).
    """
    missed, labels = arrays["missed"], arrays["labels"][arrays["missed"]].astype(int)
    answers = arrays["answers"][:, missed].astype(int)
    wrong = answers != labels
    confidence = np.where(wrong, arrays["confidence"][:, missed], 0).mean(axis=0, dtype=float)
    order = np.argsort(-confidence, kind="stable")[:count]
    usual = [int(np.bincount(answers[wrong[:, k], k]).argmax()) for k in order]
    return pd.DataFrame(
        {
            "place": order,
            "label": labels[order],
            "answer": usual,
            "networks": wrong[:, order].sum(axis=0),
            "confidence": confidence[order],
        }
    )


def _mean_where(values: np.ndarray, where: np.ndarray) -> np.ndarray:
    counts = where.sum(axis=1)
    sums = np.where(where, values, 0).sum(axis=1, dtype=float)
    return np.divide(sums, counts, out=np.full(len(values), np.nan), where=counts > 0)
