"""MNIST and Fashion-MNIST: archives in, checked arrays out; the only module that imports torchvision.

Where the archives come from is the user's choice, `data.source` in the configuration:

    auto      a local copy if there is one, else a download, else the stand-in
    download  torchvision's mirrors; an error where none delivers
    bundled   the stand-in: the digits inside scikit-learn, enlarged to 28 × 28
    <path>    a folder in torchvision's layout (<path>/MNIST/raw/*.gz); an error where it is not good

A local copy lies in the folder that the environment variable BACKPROP_DATA names, or in `data/` of the project.
BACKPROP_MIRROR adds the address of a mirror with the same layout, asked before torchvision's own.

An archive is used only if its MD5 is the published one, and arrays are written only if their SHA-256 is the one
recorded below. Whatever happens, a file is whole and checked before it takes the place where others look for it.
"""

from __future__ import annotations

import hashlib
import http.client
import logging
import os
import socket
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlparse

import numpy as np

from backprop.protocol import UserError
from backprop.results import store

NAMES = ("MNIST", "FashionMNIST")
SOURCES = ("auto", "download", "bundled")
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
"""SHA-256 of the decoded arrays, uint8 in C order, of the archives that torchvision's MD5 sums name."""

LOCAL, MIRROR = "BACKPROP_DATA", "BACKPROP_MIRROR"
ATTEMPTS = 4
"""How often one archive is asked for before a download counts as failed."""
BACKOFF = 0.5
"""Seconds before the second attempt; twice as long before each further one."""
PATIENCE = 4.0
"""Seconds in which a mirror has to give a first sign of life; bounds what working offline costs."""
STALL = 15.0
"""Seconds without a byte after which a download counts as broken off."""

_log = logging.getLogger(__name__)
_NETWORK_ERRORS = (OSError, http.client.HTTPException, RuntimeError)  # torchvision's "corrupted" is a RuntimeError


@dataclass(frozen=True)
class Set:
    """A data set as experiments see it: uint8 images [n, 28, 28] and labels [n], and where they come from.

    Attributes:
        about: `name`; `source` ("local copy", "download" or "bundled"); `detail`, a sentence; `classes`, ten
            names; `md5` by archive and `sha256` by array.
    """

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    about: Mapping[str, Any]


def load(path: Path) -> Set:
    """The data set that `fetch` wrote to `path`."""
    return Set(**store.read_arrays(path), about=store.read_about(path))


def is_stand_in(about: Mapping[str, Any]) -> bool:
    """Whether a provenance record says that bundled digits stand in for the data set: then nothing is judged."""
    return about["source"] == "bundled"


def fetch(name: str, source: str, out: Path, downloads: Path) -> dict[str, Any]:
    """Write one data set to `out`, whole and checked, and return where it comes from (see Set.about).

    Args:
        name: one of NAMES.
        source: one of SOURCES or a folder in torchvision's layout.
        out: the safetensors file to write; untouched unless all went well.
        downloads: a folder where downloaded archives stay, so that they are downloaded once.

    Raises:
        UserError: a local archive is missing, cut off, corrupt or another one than its name says; no mirror
            delivers although `download` was asked for; unknown names.
    """
    check_source(source)
    if name not in NAMES:
        raise UserError(f"'{name}' is not a data set; allowed are {', '.join(NAMES)}.")
    arrays, about = _obtain(name, source, downloads)
    about = {"name": name, **about, "sha256": {key: _sha256(array) for key, array in arrays.items()}}
    store.write_arrays(out, arrays, about)
    level = logging.WARNING if is_stand_in(about) else logging.INFO
    _log.log(level, "%s: %s", name, about["detail"])
    return about


def check_source(source: str) -> None:
    """UserError unless `source` is one of SOURCES or a folder; whether its archives are good is `fetch`'s business."""
    if source not in SOURCES and not Path(source).expanduser().is_dir():
        raise UserError(
            f"data.source is '{source}', which is no folder here; allowed are {', '.join(SOURCES)}, or the path of a "
            "folder that holds MNIST/raw and FashionMNIST/raw as torchvision lays them out."
        )


def local_root(name: str) -> Path | None:
    """The folder whose copy of the data set `auto` takes, None where there is none.

    UserError where BACKPROP_DATA names a folder without the data set: who sets it means it.
    """
    named = os.environ.get(LOCAL)
    root = Path(named).expanduser() if named else Path("data")
    if any((root / name / "raw" / file).exists() for file in FILES):
        return root
    if named:
        raise UserError(
            f"{LOCAL} is '{named}', which holds no archive of {name} ({root / name / 'raw' / FILES[0]} and three more "
            f"are expected); unset {LOCAL}, or put the archives there."
        )
    return None


def _obtain(name: str, source: str, downloads: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Arrays and provenance from the first place that `source` allows and that has the data set."""
    if source == "bundled":
        return _bundled(f"They stand in for {name}, as data.source asks.")
    root = None if source == "download" else local_root(name) if source == "auto" else Path(source).expanduser()
    if root is not None:
        return _read(name, root, "local copy", "the official archives, from a local copy")
    try:
        _download(name, downloads)
    except DownloadError as error:
        if source == "download":
            raise UserError(f"{error} {_remedies(name)}") from None
        _log.warning("%s", error)
        _log.warning("%s: going on with the digits inside scikit-learn. %s", name, _remedies(name))
        return _bundled(f"They stand in for {name}, because neither a local copy nor a mirror of it was at hand.")
    return _read(name, downloads, "download", "the official archives, from torchvision's mirrors")


def _remedies(name: str) -> str:
    return (
        "To use the real data, connect to the network and run `uv run snakemake --cores all --forcerun fetch`; or put "
        f"the four archives into data/{name}/raw; or set data.source (or {LOCAL}) to a folder that holds {name}/raw."
    )


# Local archives


def _read(name: str, root: Path, source: str, words: str) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Check the four archives under `root`, decode them with torchvision, check the arrays."""
    folder = root / name / "raw"
    found = {file: _checked_md5(name, folder / file) for file in FILES}
    arrays = _decode(name, folder)
    for key, array in arrays.items():
        if _sha256(array) != SHA256[name][key]:
            raise UserError(
                f"{name}: the archives are the official ones, but {key} was not decoded to the recorded array; this "
                "points to an installed torchvision other than the pinned one: run `uv sync`."
            )
    about = {"source": source, "detail": f"{words}; MD5 and SHA-256 checked.", "md5": found, "classes": _classes(name)}
    return arrays, about


def _checked_md5(name: str, path: Path) -> str:
    """The MD5 of an archive; UserError that says what is wrong with it if it is not the published one."""
    expected = _published(name)[path.name]
    if not path.is_file():
        raise UserError(
            f"{path}: no such archive; a copy of {name} needs {', '.join(FILES)}. Complete it, or set data.source "
            "to download or bundled."
        )
    found = _md5(path)
    if found == expected:
        return found
    other = [f"{path.name} is {file} of {known}" for known in NAMES for file, md5 in _published(known).items()
             if md5 == found]  # fmt: skip
    what = f"{other[0]}, under a wrong name" if other else _damage(path)
    raise UserError(
        f"{path}: not the archive of {name} it should be: expected MD5 {expected}, found {found} ({what}). Replace or "
        "delete it, or set data.source to download or bundled."
    )


def _damage(path: Path) -> str:
    """What can be said of an archive that is not the right one."""
    import gzip
    import zlib

    try:
        with gzip.open(path) as file:
            while file.read(1 << 20):
                pass
    except EOFError:
        return f"it is cut off after {path.stat().st_size:,} bytes"
    except (OSError, zlib.error):
        return f"its {path.stat().st_size:,} bytes are damaged or no gzip archive"
    return f"its {path.stat().st_size:,} bytes are a sound gzip archive of something else"


def _decode(name: str, folder: Path) -> dict[str, np.ndarray]:
    """The arrays inside four good archives, read by torchvision in a folder of its own, away from the user's."""
    datasets = _torchvision()
    arrays = {}
    with tempfile.TemporaryDirectory(prefix="backprop-") as scratch:
        raw = Path(scratch, name, "raw")
        raw.mkdir(parents=True)
        for file in FILES:
            (raw / file).symlink_to((folder / file).resolve())
        for split in ("train", "test"):
            # download=True unpacks; archives that are there and good are not downloaded
            part = getattr(datasets, name)(scratch, train=split == "train", download=True)
            arrays[f"{split}_images"] = part.data.numpy()
            arrays[f"{split}_labels"] = part.targets.numpy().astype(np.uint8)
    return arrays


def _published(name: str) -> dict[str, str]:
    """MD5 sums by archive, as torchvision publishes them."""
    return dict(getattr(_torchvision(), name).resources)


def _classes(name: str) -> list[str]:
    return [text.split(" - ")[0] for text in getattr(_torchvision(), name).classes]


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _sha256(array: np.ndarray) -> str:
    return hashlib.sha256(array.tobytes()).hexdigest()


def _torchvision() -> ModuleType:
    """torchvision.datasets, imported late: the workflow asks this module simple questions and must start fast."""
    os.environ.setdefault("TQDM_DISABLE", "1")  # a progress bar makes a log unreadable
    import torchvision.datasets

    return torchvision.datasets


# Downloads


class DownloadError(Exception):
    """No mirror delivered; the text names the hosts and what each said."""


def _download(name: str, downloads: Path) -> None:
    """Bring the four archives into `downloads`, from the first mirror that has each; DownloadError if none has."""
    folder = downloads / name / "raw"
    missing = [file for file in FILES if not _is_good(name, folder / file)]
    if not missing:
        return
    mirrors, silent = _answering(_mirrors(name))
    if not mirrors:
        raise DownloadError(_failure(name, "no mirror can be reached", silent))
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".download-") as scratch, _socket_timeout(STALL):
        for file in missing:
            _download_one(name, file, mirrors, Path(scratch), silent)
            Path(scratch, file).replace(folder / file)


def _download_one(name: str, file: str, mirrors: list[str], folder: Path, said: dict[str, str]) -> None:
    """Bring one archive, checked, into `folder`; ask every mirror, then all again after a pause."""
    from torchvision.datasets.utils import download_url

    said = dict(said)
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(BACKOFF * 2 ** (attempt - 1))
        for mirror in mirrors:
            try:
                download_url(mirror + file, folder, file, _published(name)[file])
            except _NETWORK_ERRORS as error:
                said[mirror] = _words(error, file)
                _log.info("%s: %s: %s (attempt %d of %d)", file, _host(mirror), said[mirror], attempt + 1, ATTEMPTS)
            else:
                _log.info("%s: downloaded from %s", file, _host(mirror))
                return
    raise DownloadError(_failure(name, f"{file} could not be downloaded", said))


def _is_good(name: str, path: Path) -> bool:
    """Whether an archive downloaded earlier is there and whole."""
    if not path.is_file():
        return False
    good = _md5(path) == _published(name)[path.name]
    if not good:
        _log.warning("%s: damaged since it was downloaded; downloading it again.", path)
    return good


def _mirrors(name: str) -> list[str]:
    """Addresses to which an archive's name is appended, in the order to ask them."""
    own = os.environ.get(MIRROR)
    return [*([f"{own.rstrip('/')}/{name}/raw/"] if own else []), *getattr(_torchvision(), name).mirrors]


def _answering(mirrors: list[str]) -> tuple[list[str], dict[str, str]]:
    """The mirrors that give a sign of life, any answer, and what went wrong with the others.

    Asked all at once and twice, from threads that may be left behind: without a network, looking up a host can
    block for half a minute, and no timeout of Python's reaches it.
    """
    for _ in range(2):
        answers: dict[str, str] = {}
        threads = [threading.Thread(target=_ask, args=(mirror, answers), daemon=True) for mirror in mirrors]
        for thread in threads:
            thread.start()
        end = time.monotonic() + PATIENCE
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))
        silent = {mirror: answers.get(mirror, "no answer") for mirror in mirrors if answers.get(mirror) != "alive"}
        if len(silent) < len(mirrors):
            break
        time.sleep(BACKOFF)
    return [mirror for mirror in mirrors if mirror not in silent], silent


def _ask(mirror: str, answers: dict[str, str]) -> None:
    try:
        request = urllib.request.Request(mirror + FILES[1], method="HEAD")
        urllib.request.urlopen(request, timeout=PATIENCE).close()
    except (urllib.error.HTTPError, http.client.HTTPException, ConnectionResetError):
        answers[mirror] = "alive"  # unwilling, but there: worth asking again
    except (OSError, ValueError) as error:
        answers[mirror] = _words(error, FILES[1])
    else:
        answers[mirror] = "alive"


def _failure(name: str, what: str, said: Mapping[str, str]) -> str:
    tried = "; ".join(f"{_host(mirror)}: {words}" for mirror, words in said.items())
    return f"{name}: {what} ({tried})."


def _words(error: Exception, file: str) -> str:
    """What a network error means, in a few words."""
    if isinstance(error, urllib.error.HTTPError):
        return f"answered {error.code} {error.reason}"
    reason = getattr(error, "reason", error)
    if isinstance(reason, socket.gaierror):
        return "host not found"
    if isinstance(reason, TimeoutError):
        return "no answer in time"
    if isinstance(error, RuntimeError):
        return f"sent something else than {file} (MD5 differs)"
    return (getattr(reason, "strerror", None) or str(reason) or type(reason).__name__).strip(".").lower()


def _host(mirror: str) -> str:
    return urlparse(mirror).netloc


@contextmanager
def _socket_timeout(seconds: float) -> Iterator[None]:
    """torchvision sets no timeout of its own: a stalled download would hang for ever."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


# The stand-in


def _bundled(why: str) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The digits inside scikit-learn, enlarged; every sixth image is kept for the test."""
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
    detail = (
        f"{len(labels):,} handwritten digits of 8 × 8 pixels that come with scikit-learn, enlarged to 28 × 28. {why}"
    )
    return arrays, {"source": "bundled", "detail": detail, "md5": {}, "classes": [str(digit) for digit in range(10)]}


def enlarged(images: np.ndarray) -> np.ndarray:
    """Images [n, 8, 8] with grey levels 0 ... 16 as uint8 [n, 28, 28]: three times as large, in a border of two pixels.

    Between pixel centres grey levels are interpolated linearly, in whole numbers, so that every machine gets the
    same bytes.
    """
    left, part = np.divmod(2 * np.arange(24) - 2, 6)  # the nearest centre to the left, and sixths of a pixel beyond
    weights = np.zeros((24, 8), dtype=np.int64)
    for row, (start, share) in enumerate(zip(left, part, strict=True)):
        weights[row, np.clip(start, 0, 7)] += 6 - share
        weights[row, np.clip(start + 1, 0, 7)] += share
    sums = weights @ images.astype(np.int64) @ weights.T  # 36 times the grey level
    grey = (sums * 255 + 8 * 36) // (16 * 36)
    return np.pad(grey.astype(np.uint8), ((0, 0), (2, 2), (2, 2)))
