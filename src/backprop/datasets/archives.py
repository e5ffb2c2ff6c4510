"""The four official archives of a data set: their names and checksums, and decoding to checked arrays."""

from __future__ import annotations

import gzip
import hashlib
import os
import tempfile
import zlib
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from backprop.protocol import UserError

NAMES = ("MNIST", "FashionMNIST")
LARGEST = 50_000_000
"""Bytes of an archive at most, packed or unpacked; the largest of the two sets has 26 MB and unpacks to 47 MB."""
FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
SHA256 = {
    "MNIST": {
        "train_images": "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
        "train_labels": "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
        "test_images": "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
        "test_labels": "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
    },
    "FashionMNIST": {
        "train_images": "2e487a6c89124f78f2d7521542223cafe96f7123c3ca13d447772ac6ecbb3012",
        "train_labels": "657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7",
        "test_images": "c867c93ff95360594e8ec3287995350b824dd110b11595c0e13d5423f621867a",
        "test_labels": "3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9",
    },
}
"""SHA-256 of the decoded arrays (uint8 in C order) of the archives with the MD5 that torchvision publishes."""


def read(name: str, root: Path, source: str, origin: str) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Arrays and provenance of a data set, from its archives in `root`/<name>/raw, which are checked first.

    UserError if an archive is missing, damaged or another one than its name says.
    """
    folder = root / name / "raw"
    sums = {file: _checked_md5(name, folder / file) for file in FILES}
    arrays = _decode(name, folder)
    for key, array in arrays.items():
        if sha256(array) != SHA256[name][key]:
            raise UserError(
                f"{name}: the archives are the official ones, but {key} was not decoded to the recorded array; the "
                "installed torchvision is probably not the pinned version, so run `uv sync`."
            )
    detail = f"{origin}; MD5 and SHA-256 checked."
    return arrays, {"source": source, "detail": detail, "md5": sums, "classes": _classes(name)}


def published_md5(name: str) -> dict[str, str]:
    """The MD5 of each archive, as torchvision publishes it."""
    return dict(getattr(torchvision_datasets(), name).resources)


def md5(path: Path) -> str:
    """The MD5 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def sha256(array: np.ndarray) -> str:
    """The SHA-256 of an array's bytes in C order."""
    return hashlib.sha256(array.tobytes()).hexdigest()


def torchvision_datasets() -> ModuleType:
    """torchvision.datasets, imported late, because the workflow imports this package each time it starts."""
    os.environ.setdefault("TQDM_DISABLE", "1")  # a progress bar makes a log unreadable
    import torchvision.datasets

    return torchvision.datasets


def _checked_md5(name: str, path: Path) -> str:
    """The MD5 of an archive; UserError with the kind of damage if it is not the published one."""
    expected = published_md5(name)[path.name]
    if not path.is_file():
        raise UserError(
            f"{path}: the archive is missing, and a copy of {name} needs {', '.join(FILES)}; add it, or set "
            "data.source to download or bundled."
        )
    actual = md5(path)
    if actual == expected:
        return actual
    raise UserError(
        f"{path}: this is not the official archive of {name}, because its MD5 is {actual} instead of {expected} "
        f"({_difference(path, actual)}); replace or delete it, or set data.source to download or bundled."
    )


def _difference(path: Path, actual: str) -> str:
    """What is known about an archive whose MD5, `actual`, is not the expected one."""
    for name in NAMES:
        for file, published in published_md5(name).items():
            if published == actual:
                return f"it is {file} of {name} under a wrong name"
    size = f"{path.stat().st_size:,} bytes"
    unpacked = 0
    try:
        with gzip.open(path) as content:
            while unpacked <= LARGEST and (chunk := content.read(1 << 20)):
                unpacked += len(chunk)
    except EOFError:
        return f"it ends early, after {size}"
    except (OSError, zlib.error):
        return f"its {size} are damaged or are not a gzip archive"
    if unpacked > LARGEST:
        return f"its {size} unpack to more than {LARGEST:,}"
    return f"its {size} are an intact gzip archive with other content"


def _decode(name: str, folder: Path) -> dict[str, np.ndarray]:
    """The arrays in four good archives, decoded by torchvision in a temporary folder, because it writes beside them."""
    datasets = torchvision_datasets()
    arrays = {}
    with tempfile.TemporaryDirectory(prefix="backprop-") as scratch:
        raw = Path(scratch, name, "raw")
        raw.mkdir(parents=True)
        for file in FILES:
            (raw / file).symlink_to((folder / file).resolve())
        for split in ("train", "test"):
            # download=True unpacks; it downloads nothing, because all archives are there and good
            part = getattr(datasets, name)(scratch, train=split == "train", download=True)
            arrays[f"{split}_images"] = part.data.numpy()
            arrays[f"{split}_labels"] = part.targets.numpy().astype(np.uint8)
    return arrays


def _classes(name: str) -> list[str]:
    return [text.split(" - ")[0] for text in getattr(torchvision_datasets(), name).classes]
