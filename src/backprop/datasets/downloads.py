"""Downloads of the official archives from mirrors, with time limits and repeated attempts."""

from __future__ import annotations

import http.client
import logging
import os
import socket
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlparse

from backprop.datasets.archives import FILES, LARGEST, md5, published_md5, torchvision_datasets

MIRROR = "BACKPROP_MIRROR"
"""The environment variable with the address of a mirror that is tried first."""
ATTEMPTS = 4
"""How often each mirror is asked for an archive before the download fails."""
BACKOFF = 0.5
"""Seconds before the second attempt; the pause doubles with each further attempt."""
PATIENCE = 4.0
"""Seconds within which a mirror has to answer a first request; it limits the delay of a run without a network."""
STALL = 15.0
"""Seconds without a byte after which a download is stopped."""

_log = logging.getLogger(__name__)


class _OtherContentError(Exception):
    """A mirror sent something else than the archive; the text says what, as the end of a sentence."""


_NETWORK_ERRORS = (OSError, http.client.HTTPException, _OtherContentError)


class DownloadError(Exception):
    """No mirror delivered; the text names the hosts and the answer of each."""


def download(name: str, root: Path) -> None:
    """Download the archives that are missing or damaged in `root`/<name>/raw; DownloadError if no mirror delivers."""
    folder = root / name / "raw"
    missing = [file for file in FILES if not _is_good(name, folder / file)]
    if not missing:
        return
    mirrors, problems = _answering(_mirrors(name))
    if not mirrors:
        raise DownloadError(_failure(name, "no mirror can be reached", problems))
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".download-") as scratch:
        for file in missing:
            _download_one(name, file, mirrors, Path(scratch), problems)
            Path(scratch, file).replace(folder / file)


def _download_one(name: str, file: str, mirrors: list[str], folder: Path, problems: Mapping[str, str]) -> None:
    """Download one archive into `folder` and check it; ask every mirror in turn, then all again after a pause."""
    answers = dict(problems)
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(BACKOFF * 2 ** (attempt - 1))
        for mirror in mirrors:
            try:
                _retrieve(mirror + file, folder / file)
                if md5(folder / file) != published_md5(name)[file]:
                    raise _OtherContentError(f"sent something other than {file} (its MD5 differs)")
            except _NETWORK_ERRORS as error:
                answers[mirror] = _describe(error)
                _log.info("%s: %s: %s (attempt %d of %d)", file, _host(mirror), answers[mirror], attempt + 1, ATTEMPTS)
            else:
                _log.info("%s: downloaded from %s", file, _host(mirror))
                return
    raise DownloadError(_failure(name, f"{file} could not be downloaded", answers))


def _retrieve(address: str, path: Path) -> None:
    """Write what a mirror sends to `path`, up to LARGEST bytes."""
    size = 0
    with urllib.request.urlopen(address, timeout=STALL) as answer, path.open("wb") as file:
        while chunk := answer.read(1 << 16):
            size += len(chunk)
            if size > LARGEST:
                raise _OtherContentError(f"sent more than {LARGEST:,} bytes, which is no archive of these sets")
            file.write(chunk)


def _is_good(name: str, path: Path) -> bool:
    """Whether an archive from an earlier download exists and is intact."""
    if not path.is_file():
        return False
    good = md5(path) == published_md5(name)[path.name]
    if not good:
        _log.warning("%s: the archive was damaged after its download; downloading it again.", path)
    return good


def _mirrors(name: str) -> list[str]:
    """Addresses of the mirrors in the order in which they are asked; the name of an archive is appended."""
    first = os.environ.get(MIRROR)
    return [*([f"{first.rstrip('/')}/{name}/raw/"] if first else []), *getattr(torchvision_datasets(), name).mirrors]


def _answering(mirrors: list[str]) -> tuple[list[str], dict[str, str]]:
    """The mirrors that give any answer, and the problem of each other mirror.

    All mirrors are asked at once, and once more if none answers. Each request has its own thread, which may outlive
    this function: without a network, looking up a host can block for half a minute, and Python cannot limit that time.
    """
    for _ in range(2):
        answers: dict[str, str] = {}
        threads = [threading.Thread(target=_ask, args=(mirror, answers), daemon=True) for mirror in mirrors]
        for thread in threads:
            thread.start()
        end = time.monotonic() + PATIENCE
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))
        problems = {mirror: answers.get(mirror, "no answer") for mirror in mirrors if answers.get(mirror) != "alive"}
        if len(problems) < len(mirrors):
            break
        time.sleep(BACKOFF)
    return [mirror for mirror in mirrors if mirror not in problems], problems


def _ask(mirror: str, answers: dict[str, str]) -> None:
    try:
        request = urllib.request.Request(mirror + FILES[1], method="HEAD")
        urllib.request.urlopen(request, timeout=PATIENCE).close()
    except (urllib.error.HTTPError, http.client.HTTPException, ConnectionResetError):
        answers[mirror] = "alive"  # the server refused, but it exists: a later request may succeed
    except (OSError, ValueError) as error:
        answers[mirror] = _describe(error)
    else:
        answers[mirror] = "alive"


def _failure(name: str, problem: str, answers: Mapping[str, str]) -> str:
    tried = "; ".join(f"{_host(mirror)}: {answer}" for mirror, answer in answers.items())
    return f"{name}: {problem} ({tried})."


def _describe(error: Exception) -> str:
    """The meaning of a network error in a few words."""
    if isinstance(error, urllib.error.HTTPError):
        return f"answered {error.code} {error.reason}"
    reason = getattr(error, "reason", error)
    if isinstance(reason, socket.gaierror):
        return "host not found"
    if isinstance(reason, TimeoutError):
        return "no answer in time"
    if isinstance(error, _OtherContentError):
        return str(error)
    return (getattr(reason, "strerror", None) or str(reason) or type(reason).__name__).strip(".").lower()


def _host(mirror: str) -> str:
    return urlparse(mirror).netloc
