"""Data sets: every fault of an archive or of the network is named, and no bad file replaces a good one.

Most tests use small archives of the same format with their own published MD5 sums. A few use the real archives, if
they are in the folder BACKPROP_DATA or in ../shared/data.
"""

import gzip
import hashlib
import http.server
import io
import os
import socket
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from backprop import datasets
from backprop.__main__ import main
from backprop.datasets import archives as checked
from backprop.datasets import downloads
from backprop.protocol import UserError
from backprop.results import store

REAL = Path(os.environ.get("BACKPROP_DATA") or Path(__file__).parents[2] / "shared" / "data").resolve()
IMAGES, LABELS = "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"
needs_real = pytest.mark.skipif(
    not (REAL / "MNIST/raw").is_dir(), reason="there are no real archives: set BACKPROP_DATA to their folder"
)


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    """Each test starts in an empty folder, without variables that name data or proxies, and with short pauses."""
    monkeypatch.chdir(tmp_path)
    for name in (datasets.LOCAL, datasets.MIRROR):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(downloads, "BACKOFF", 0.01)


@pytest.fixture(scope="session")
def archives(tmp_path_factory):
    """Small archives in torchvision's layout, with 30 training and 20 test images per set, and their arrays."""
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
    """The small archives are the official ones: the known MD5 and SHA-256 sums are theirs. No mirror answers."""
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
    """A copy of the small archives, which a test may damage."""
    root = tmp_path / "copy"
    for name in datasets.NAMES:
        (root / name / "raw").mkdir(parents=True)
        for file in datasets.FILES:
            (root / name / "raw" / file).write_bytes((published[0] / name / "raw" / file).read_bytes())
    return root


class Mirror:
    """A mirror on loopback that serves a folder; the first `fail` requests for each file fail in the way `how`."""

    def __init__(self, root: Path, fail: int = 0, how: str = "503"):
        self.asked: list[str] = []
        left: dict[str, int] = {}
        mirror = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_HEAD(self):
                self.send_response(200)
                self.end_headers()

            def do_GET(self):
                if self.headers.get("Method") == "HEAD":  # torchvision first looks for redirects
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
    """Starts a mirror of the small archives, which is then asked first."""
    started = []

    def start(fail=0, how="503"):
        new = Mirror(published[0], fail, how)
        started.append(new.server)
        monkeypatch.setenv(datasets.MIRROR, new.address)
        return new

    yield start
    for server in started:
        server.shutdown()
        server.server_close()


def fetch(name="MNIST", source="auto"):
    return datasets.fetch(name, source, Path("out.safetensors"), Path("downloads"))


def assert_written(name, arrays):
    """The written file has exactly these arrays."""
    written = store.read_arrays(Path("out.safetensors"))
    for key, array in arrays[name].items():
        np.testing.assert_array_equal(written[key], array)
        assert written[key].dtype == np.uint8


def left_over():
    """Files that a failed fetch left behind."""
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
    with pytest.raises(UserError, match=f"it is {IMAGES} of FashionMNIST under a wrong name"):
        fetch("MNIST", str(tmp_path / "wrong"))


# Local copies


@pytest.mark.parametrize("name", datasets.NAMES)
def test_a_good_local_copy_is_used_and_recorded(published, name):
    root, arrays = published
    about = fetch(name, str(root))
    assert_written(name, arrays)
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


def bomb(raw: Path) -> None:
    (raw / IMAGES).write_bytes(gzip.compress(bytes(2 * downloads.LARGEST)))


def no_gzip(raw: Path) -> None:
    (raw / IMAGES).write_bytes(b"<html>404</html>")


def remove(raw: Path) -> None:
    (raw / IMAGES).unlink()


@pytest.mark.parametrize("source", ["a path", "auto"])
@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (cut, "it ends early, after"),
        (flip_a_byte, "bytes are damaged or are not a gzip archive"),
        (swap_training_and_test, "it is t10k-images-idx3-ubyte.gz of MNIST under a wrong name"),
        (swap_sets, f"it is {IMAGES} of FashionMNIST under a wrong name"),
        (other_gzip, "an intact gzip archive with other content"),
        (bomb, "unpack to more than 50,000,000"),
        (no_gzip, "are not a gzip archive"),
        (remove, "the archive is missing"),
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
    assert {path: path.read_bytes() for path in copy.rglob("*.gz")} == before  # a fetch never changes the user's files


def test_the_md5_sums_are_in_the_message(copy):
    raw = copy / "MNIST" / "raw"
    good = hashlib.md5((raw / IMAGES).read_bytes()).hexdigest()
    flip_a_byte(raw)
    bad = hashlib.md5((raw / IMAGES).read_bytes()).hexdigest()
    with pytest.raises(UserError, match=f"MD5 is {bad} instead of {good}"):
        fetch("MNIST", str(copy))


def test_a_failed_fetch_keeps_the_earlier_file(copy):
    fetch("MNIST", str(copy))
    before = Path("out.safetensors").read_bytes()
    cut(copy / "MNIST" / "raw")
    with pytest.raises(UserError):
        fetch("MNIST", str(copy))
    assert Path("out.safetensors").read_bytes() == before


def test_arrays_other_than_the_recorded_ones_are_refused(copy, monkeypatch):
    monkeypatch.setitem(datasets.SHA256["MNIST"], "test_labels", "0" * 64)
    with pytest.raises(UserError, match="test_labels was not decoded to the recorded array"):
        fetch("MNIST", str(copy))
    assert left_over() == []


def test_auto_uses_the_folder_data(copy):
    copy.rename("data")
    assert datasets.local_root("MNIST") == Path("data")
    assert fetch()["source"] == "local copy"


def test_a_named_folder_without_the_data_set_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setenv(datasets.LOCAL, str(tmp_path))
    with pytest.raises(UserError, match=r"BACKPROP_DATA is .*, which contains no archive of MNIST"):
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
    server = mirror()
    assert fetch(name, source)["source"] == "download"
    assert_written(name, published[1])
    assert server.asked == [f"/{name}/raw/{file}" for file in datasets.FILES]


@pytest.mark.parametrize("how", ["503", "hang up", "cut off", "login page"])
def test_a_mirror_that_fails_twice_is_asked_a_third_time(mirror, published, how):
    server = mirror(fail=2, how=how)
    assert fetch("MNIST", "download")["source"] == "download"
    assert_written("MNIST", published[1])
    assert len(server.asked) == 3 * len(datasets.FILES)


def test_archives_are_downloaded_only_once(mirror, published):
    server = mirror()
    fetch("MNIST", "download")
    Path("out.safetensors").unlink()
    server.asked.clear()
    fetch("MNIST", "download")
    assert server.asked == []
    assert_written("MNIST", published[1])


def test_an_archive_damaged_after_its_download_is_downloaded_again(mirror, published):
    server = mirror()
    fetch("MNIST", "download")
    server.asked.clear()
    cut(Path("downloads/MNIST/raw"))
    fetch("MNIST", "download")
    assert server.asked == [f"/MNIST/raw/{IMAGES}"]
    assert_written("MNIST", published[1])


@pytest.mark.parametrize("how", ["cut off", "login page"])
def test_a_download_that_never_succeeds_leaves_no_file(mirror, how):
    mirror(fail=99, how=how)
    with pytest.raises(UserError, match=rf"127\.0\.0\.1.*sent something other than {IMAGES} \(its MD5 differs\)"):
        fetch("MNIST", "download")
    assert left_over() == []


def test_an_archive_is_not_unpacked_beyond_the_size_limit(tmp_path, monkeypatch):
    class Endless(io.RawIOBase):
        given = 0

        def read(self, size=-1):
            self.given += size
            assert self.given < 10 << 20
            return bytes(size)

    (tmp_path / IMAGES).touch()
    monkeypatch.setattr(checked.gzip, "open", lambda _: Endless())
    monkeypatch.setattr(checked, "LARGEST", 4 << 20)
    assert "unpack to more than" in checked._difference(tmp_path / IMAGES, "")


def test_a_download_ends_at_the_size_limit(mirror, monkeypatch):
    mirror()
    monkeypatch.setattr(downloads, "LARGEST", 100)
    monkeypatch.setattr(downloads, "ATTEMPTS", 1)
    with pytest.raises(UserError, match=r"127\.0\.0\.1.*sent more than 100 bytes"):
        fetch("MNIST", "download")
    assert left_over() == []


def test_download_without_a_network_names_hosts_and_remedies(published):
    with pytest.raises(UserError) as raised:
        fetch("FashionMNIST", "download")
    for words in ("no mirror can be reached", "127.0.0.1:1: connection refused", "data/FashionMNIST/raw",
                  "--forcerun fetch", "data.source"):  # fmt: skip
        assert words in str(raised.value)
    assert left_over() == []


def test_auto_without_a_network_uses_the_digits_and_says_so(published, caplog):
    about = fetch("MNIST", "auto")
    assert datasets.is_stand_in(about)
    assert "They replace MNIST" in about["detail"]
    assert "no mirror can be reached (127.0.0.1:1: connection refused)" in caplog.text
    assert "They replace MNIST" in caplog.text


def test_a_mirror_that_never_answers_costs_little_time(published, monkeypatch):
    """Some firewalls accept a connection and never answer; the fetch waits for two requests only."""
    silent = socket.create_server(("127.0.0.1", 0))
    monkeypatch.setenv(datasets.MIRROR, f"http://127.0.0.1:{silent.getsockname()[1]}")
    monkeypatch.setattr(downloads, "PATIENCE", 0.2)
    start = time.monotonic()
    assert datasets.is_stand_in(fetch("MNIST", "auto"))
    assert time.monotonic() - start < 30 * downloads.PATIENCE
    silent.close()


def test_a_run_without_a_network_waits_less_than_fifteen_seconds():
    assert 2 * (downloads.PATIENCE + 0.5) < 15


# The stand-in


def test_the_bundled_digits_need_no_network_and_are_always_the_same(monkeypatch):
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


def test_enlarged_digits_keep_each_pixel_and_have_a_border():
    """The middle of each block of 3 × 3 pixels equals the original pixel, and the border is empty."""
    from sklearn.datasets import load_digits

    small = load_digits().images[:50]
    large = datasets.enlarged(small)
    assert large.shape == (50, 28, 28)
    assert not large[:, :2].any()
    assert not large[:, :, -2:].any()
    centres = large[:, 3:26:3, 3:26:3]
    np.testing.assert_array_equal(centres, np.floor(small * 255 / 16 + 0.5))


def test_the_command_fetches_and_reports_an_error_without_a_traceback(published, capsys):
    root, _ = published
    assert main(["fetch", "MNIST", "--source", str(root)]) == 0
    assert store.read_about(Path("results/data/MNIST.safetensors"))["source"] == "local copy"
    assert main(["fetch", "MNIST", "--source", "nowhere"]) == 2
    assert "Traceback" not in capsys.readouterr().err
