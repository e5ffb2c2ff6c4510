"""Data sets: whatever is wrong with an archive or the network, it is named, and no bad file takes a good one's place.

Most tests use small archives of the same format, published under their own MD5 sums; the real ones are used where
they lie in BACKPROP_DATA or in ../shared/data.
"""

import gzip
import hashlib
import http.server
import os
import socket
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from backprop import datasets
from backprop.__main__ import main
from backprop.protocol import UserError
from backprop.results import store

REAL = Path(os.environ.get("BACKPROP_DATA") or Path(__file__).parents[2] / "shared" / "data").resolve()
IMAGES, LABELS = "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"
needs_real = pytest.mark.skipif(
    not (REAL / "MNIST/raw").is_dir(), reason="the real archives are not here: set BACKPROP_DATA to their folder"
)


@pytest.fixture(autouse=True)
def somewhere_else(tmp_path, monkeypatch):
    """Every test starts in an empty folder, without hints where data might be, and waits for nothing."""
    monkeypatch.chdir(tmp_path)
    for name in (datasets.LOCAL, datasets.MIRROR):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(datasets, "BACKOFF", 0.01)


@pytest.fixture(scope="session")
def archives(tmp_path_factory):
    """Small archives in torchvision's layout: 30 training and 20 test images of each set, and what is in them."""
    root = tmp_path_factory.mktemp("archives")
    random = np.random.default_rng(1986)
    arrays: dict[str, dict[str, np.ndarray]] = {}
    for name in datasets.NAMES:
        folder = root / name / "raw"
        folder.mkdir(parents=True)
        arrays[name] = {}
        for split, prefix, count in (("train", "train", 30), ("test", "t10k", 20)):
            images = random.integers(0, 256, (count, 28, 28), dtype=np.uint8)
            labels = random.integers(0, 10, count, dtype=np.uint8)
            arrays[name] |= {f"{split}_images": images, f"{split}_labels": labels}
            for array, file in ((images, f"{prefix}-images-idx3-ubyte.gz"), (labels, f"{prefix}-labels-idx1-ubyte.gz")):
                head = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
                (folder / file).write_bytes(gzip.compress(head + array.tobytes(), mtime=0))
    return root, arrays


@pytest.fixture
def published(archives, monkeypatch):
    """torchvision's MD5 sums and our SHA-256 sums are those of the small archives; no mirror answers."""
    import torchvision.datasets

    root, arrays = archives
    for name in datasets.NAMES:
        sums = [(file, hashlib.md5((root / name / "raw" / file).read_bytes()).hexdigest()) for file in datasets.FILES]
        monkeypatch.setattr(getattr(torchvision.datasets, name), "resources", sums)
        monkeypatch.setattr(getattr(torchvision.datasets, name), "mirrors", ["http://127.0.0.1:1/"])
        monkeypatch.setitem(
            datasets.SHA256, name, {key: hashlib.sha256(a.tobytes()).hexdigest() for key, a in arrays[name].items()}
        )
    return root, arrays


@pytest.fixture
def copy(published, tmp_path):
    """A copy of the small archives that a test may damage."""
    root = tmp_path / "copy"
    for name in datasets.NAMES:
        (root / name / "raw").mkdir(parents=True)
        for file in datasets.FILES:
            (root / name / "raw" / file).write_bytes((published[0] / name / "raw" / file).read_bytes())
    return root


class Mirror:
    """A mirror on loopback that serves a folder and first fails as often as told, per file."""

    def __init__(self, root: Path, fail: int = 0, how: str = "503"):
        self.asked: list[str] = []
        left: dict[str, int] = {}
        mirror = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_HEAD(self):
                self.send_response(200)
                self.end_headers()

            def do_GET(self):
                if self.headers.get("Method") == "HEAD":  # torchvision looks for redirects first
                    return self.do_HEAD()
                mirror.asked.append(self.path)
                content = (root / self.path.lstrip("/")).read_bytes()
                if left.setdefault(self.path, fail) > 0:
                    left[self.path] -= 1
                    if how == "503":
                        return self.send_error(503)
                    if how == "hang up":
                        return self.connection.close()
                    content = content[: len(content) // 2] if how == "cut off" else b"<html>Please log in</html>"
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                return self.wfile.write(content)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def mirror(published, monkeypatch):
    """Starts mirrors of the small archives and makes them the ones to ask."""
    started = []

    def start(fail=0, how="503"):
        made = Mirror(published[0], fail, how)
        started.append(made.server)
        monkeypatch.setenv(datasets.MIRROR, made.address)
        return made

    yield start
    for server in started:
        server.shutdown()
        server.server_close()


def fetch(name="MNIST", source="auto"):
    return datasets.fetch(name, source, Path("out.safetensors"), Path("downloads"))


def assert_is(name, arrays):
    """The written file holds exactly these arrays."""
    written = store.read_arrays(Path("out.safetensors"))
    for key, array in arrays[name].items():
        np.testing.assert_array_equal(written[key], array)
        assert written[key].dtype == np.uint8


def left_over():
    """Files that lie around although nothing was fetched."""
    return [path for path in Path().rglob("*") if path.is_file() and "copy" not in path.parts]


# The real archives


@needs_real
@pytest.mark.parametrize("name", datasets.NAMES)
def test_the_real_archives_decode_to_the_recorded_arrays(name):
    about = fetch(name, str(REAL))
    data = datasets.load(Path("out.safetensors"))
    assert data.train_images.shape == (60_000, 28, 28)
    assert data.test_images.shape == (10_000, 28, 28)
    assert np.bincount(data.test_labels).sum() == 10_000
    assert about["sha256"] == datasets.SHA256[name]
    assert about["source"] == "local copy"
    assert data.about == about
    assert len(about["classes"]) == 10
    assert str(REAL) not in str(about)


@needs_real
def test_real_archives_of_the_wrong_set_are_named(tmp_path):
    raw = tmp_path / "wrong" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for file in datasets.FILES:
        (raw / file).symlink_to((REAL / "FashionMNIST/raw" / file).resolve())
    with pytest.raises(UserError, match=f"{IMAGES} is {IMAGES} of FashionMNIST, under a wrong name"):
        fetch("MNIST", str(tmp_path / "wrong"))


# Local copies


@pytest.mark.parametrize("name", datasets.NAMES)
def test_a_good_local_copy_is_used_and_said(published, name):
    root, arrays = published
    about = fetch(name, str(root))
    assert_is(name, arrays)
    assert (about["name"], about["source"]) == (name, "local copy")
    assert set(about["md5"]) == set(datasets.FILES)


def cut(raw: Path) -> None:
    (raw / IMAGES).write_bytes((raw / IMAGES).read_bytes()[:-100])


def flip_a_byte(raw: Path) -> None:
    content = bytearray((raw / IMAGES).read_bytes())
    content[len(content) // 2] ^= 1
    (raw / IMAGES).write_bytes(content)


def swap_training_and_test(raw: Path) -> None:
    other = raw / "t10k-images-idx3-ubyte.gz"
    first, second = (raw / IMAGES).read_bytes(), other.read_bytes()
    (raw / IMAGES).write_bytes(second)
    other.write_bytes(first)


def swap_sets(raw: Path) -> None:
    (raw / IMAGES).write_bytes((raw.parents[1] / "FashionMNIST" / "raw" / IMAGES).read_bytes())


def other_gzip(raw: Path) -> None:
    (raw / IMAGES).write_bytes(gzip.compress(b"something else"))


def no_gzip(raw: Path) -> None:
    (raw / IMAGES).write_bytes(b"<html>404</html>")


def remove(raw: Path) -> None:
    (raw / IMAGES).unlink()


@pytest.mark.parametrize("source", ["a path", "auto"])
@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (cut, "it is cut off after"),
        (flip_a_byte, "damaged"),
        (swap_training_and_test, f"{IMAGES} is t10k-images-idx3-ubyte.gz of MNIST, under a wrong name"),
        (swap_sets, f"{IMAGES} is {IMAGES} of FashionMNIST, under a wrong name"),
        (other_gzip, "a sound gzip archive of something else"),
        (no_gzip, "no gzip archive"),
        (remove, "no such archive"),
    ],
)
def test_a_bad_local_archive_is_named_and_never_used(copy, monkeypatch, damage, words, source):
    damage(copy / "MNIST" / "raw")
    before = {path: path.read_bytes() for path in copy.rglob("*.gz")}
    monkeypatch.setenv(datasets.LOCAL, str(copy))
    with pytest.raises(UserError, match=words) as raised:
        fetch("MNIST", "auto" if source == "auto" else str(copy))
    assert str(copy / "MNIST" / "raw" / IMAGES) in str(raised.value)
    assert "set data.source" in str(raised.value)
    assert left_over() == []
    assert {path: path.read_bytes() for path in copy.rglob("*.gz")} == before  # the user's files are the user's


def test_the_md5_sums_are_in_the_message(copy):
    raw = copy / "MNIST" / "raw"
    good = hashlib.md5((raw / IMAGES).read_bytes()).hexdigest()
    flip_a_byte(raw)
    bad = hashlib.md5((raw / IMAGES).read_bytes()).hexdigest()
    with pytest.raises(UserError, match=f"expected MD5 {good}, found {bad}"):
        fetch("MNIST", str(copy))


def test_a_failed_fetch_leaves_the_good_file_of_before(copy):
    fetch("MNIST", str(copy))
    before = Path("out.safetensors").read_bytes()
    cut(copy / "MNIST" / "raw")
    with pytest.raises(UserError):
        fetch("MNIST", str(copy))
    assert Path("out.safetensors").read_bytes() == before


def test_arrays_other_than_recorded_are_refused(copy, monkeypatch):
    monkeypatch.setitem(datasets.SHA256["MNIST"], "test_labels", "0" * 64)
    with pytest.raises(UserError, match="test_labels was not decoded to the recorded array"):
        fetch("MNIST", str(copy))
    assert left_over() == []


def test_auto_finds_the_folder_data(copy):
    copy.rename("data")
    assert datasets.local_root("MNIST") == Path("data")
    assert fetch()["source"] == "local copy"


def test_a_named_folder_without_the_data_set_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setenv(datasets.LOCAL, str(tmp_path))
    with pytest.raises(UserError, match=r"BACKPROP_DATA is .*, which holds no archive of MNIST"):
        fetch()


@pytest.mark.parametrize("source", ["downlod", "/no/such/folder"])
def test_an_unknown_source_is_refused_by_name(source):
    with pytest.raises(UserError, match=f"data.source is '{source}'.*auto, download, bundled"):
        fetch("MNIST", source)


def test_an_unknown_data_set_is_refused_by_name():
    with pytest.raises(UserError, match="'CIFAR' is not a data set; allowed are MNIST, FashionMNIST"):
        fetch("CIFAR")


def test_the_same_archives_give_the_same_bytes(copy):
    fetch("MNIST", str(copy))
    before = Path("out.safetensors").read_bytes()
    fetch("MNIST", str(copy))
    assert Path("out.safetensors").read_bytes() == before


# Downloads


@pytest.mark.parametrize("source", ["auto", "download"])
@pytest.mark.parametrize("name", datasets.NAMES)
def test_archives_come_from_a_mirror(mirror, published, source, name):
    made = mirror()
    assert fetch(name, source)["source"] == "download"
    assert_is(name, published[1])
    assert made.asked == [f"/{name}/raw/{file}" for file in datasets.FILES]


@pytest.mark.parametrize("how", ["503", "hang up", "cut off", "login page"])
def test_a_mirror_that_fails_twice_is_asked_again(mirror, published, how):
    made = mirror(fail=2, how=how)
    assert fetch("MNIST", "download")["source"] == "download"
    assert_is("MNIST", published[1])
    assert len(made.asked) == 3 * len(datasets.FILES)


def test_downloaded_archives_are_kept_and_not_asked_for_again(mirror, published):
    made = mirror()
    fetch("MNIST", "download")
    Path("out.safetensors").unlink()
    made.asked.clear()
    fetch("MNIST", "download")
    assert made.asked == []
    assert_is("MNIST", published[1])


def test_a_kept_archive_that_was_damaged_is_downloaded_again(mirror, published):
    made = mirror()
    fetch("MNIST", "download")
    made.asked.clear()
    cut(Path("downloads/MNIST/raw"))
    fetch("MNIST", "download")
    assert made.asked == [f"/MNIST/raw/{IMAGES}"]
    assert_is("MNIST", published[1])


@pytest.mark.parametrize("how", ["cut off", "login page"])
def test_nothing_partial_stays_of_a_download_that_never_succeeds(mirror, how):
    mirror(fail=99, how=how)
    with pytest.raises(UserError, match=rf"127\.0\.0\.1.*sent something else than {IMAGES} \(MD5 differs\)"):
        fetch("MNIST", "download")
    assert left_over() == []


def test_download_without_a_network_names_hosts_and_remedies(published):
    with pytest.raises(UserError) as raised:
        fetch("FashionMNIST", "download")
    for words in ("no mirror can be reached", "127.0.0.1:1: connection refused", "data/FashionMNIST/raw",
                  "--forcerun fetch", "data.source"):  # fmt: skip
        assert words in str(raised.value)
    assert left_over() == []


def test_auto_without_a_network_goes_on_with_the_digits_and_says_so(published, caplog):
    about = fetch("MNIST", "auto")
    assert datasets.is_stand_in(about)
    assert "They stand in for MNIST" in about["detail"]
    assert "no mirror can be reached (127.0.0.1:1: connection refused)" in caplog.text
    assert "They stand in for MNIST" in caplog.text


def test_a_network_that_swallows_everything_is_given_up_soon(published, monkeypatch):
    """A host that accepts and never answers, as behind some firewalls: two rounds of patience, and no more."""
    silent = socket.create_server(("127.0.0.1", 0))
    monkeypatch.setenv(datasets.MIRROR, f"http://127.0.0.1:{silent.getsockname()[1]}")
    monkeypatch.setattr(datasets, "PATIENCE", 0.2)
    start = time.monotonic()
    assert datasets.is_stand_in(fetch("MNIST", "auto"))
    assert time.monotonic() - start < 30 * datasets.PATIENCE
    silent.close()


def test_patience_keeps_working_offline_below_fifteen_seconds():
    assert 2 * (datasets.PATIENCE + 0.5) < 15


# The stand-in


def test_bundled_digits_need_no_network_and_are_the_same_every_time(monkeypatch):
    monkeypatch.setattr(socket, "create_connection", None)
    about = fetch("FashionMNIST", "bundled")
    first = Path("out.safetensors").read_bytes()
    assert fetch("FashionMNIST", "bundled") == about
    assert Path("out.safetensors").read_bytes() == first
    assert about["source"] == "bundled"
    assert about["sha256"]["test_labels"] == "02b7c06220a28a6d26380530a0b6c99bfba5893c2a60feec088df066558671dc"
    data = datasets.load(Path("out.safetensors"))
    assert data.train_images.shape == (1498, 28, 28)
    assert data.test_images.shape == (299, 28, 28)
    assert (np.bincount(data.test_labels) > 20).all()
    assert data.about["classes"] == list("0123456789")


def test_enlarged_digits_are_the_digits():
    """The mean over each pixel's block is close to the pixel, corners and border are as they must be."""
    from sklearn.datasets import load_digits

    small = load_digits().images[:50]
    large = datasets.enlarged(small)
    assert large.shape == (50, 28, 28)
    assert not large[:, :2].any()
    assert not large[:, :, -2:].any()
    centres = large[:, 3:26:3, 3:26:3]  # the middle of each block of 3 × 3 is the pixel itself
    np.testing.assert_array_equal(centres, np.floor(small * 255 / 16 + 0.5))


def test_the_command_fetches_and_tells_mistakes_in_one_sentence(published, capsys):
    root, _ = published
    assert main(["fetch", "MNIST", "--source", str(root)]) == 0
    assert store.read_about(Path("results/data/MNIST.safetensors"))["source"] == "local copy"
    assert main(["fetch", "MNIST", "--source", "nowhere"]) == 2
    assert "Traceback" not in capsys.readouterr().err
