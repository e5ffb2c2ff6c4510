"""What is written comes back, whole or not at all, in the same bytes."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from backprop.protocol import UserError
from backprop.results import store, tables
from backprop.results.tables import Column

COLUMNS = (Column("seed", pa.int64(), "the seed"), Column("sweeps", pa.float64(), "how long it took", "sweeps"))


def test_arrays_come_back_with_what_was_said_about_them(tmp_path):
    arrays = {"weights": np.arange(6, dtype=np.float32).reshape(3, 2).T, "seeds": np.array([4, 7])}
    about = {"protocol": {"epsilon": 0.1}, "provenance": {}}
    path = tmp_path / "deep" / "trained.safetensors"
    store.write_arrays(path, arrays, about)
    back = store.read_arrays(path)
    assert set(back) == set(arrays)
    np.testing.assert_array_equal(back["weights"], arrays["weights"])
    assert store.read_about(path) == about


def test_the_same_content_gives_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        store.write_arrays(tmp_path / name, {"x": np.ones(3), "y": np.zeros(2)}, {"b": 1, "a": 2, "c": {"z": 1}})
        tables.write(tmp_path / f"{name}.parquet", pd.DataFrame({"sweeps": [1.0], "seed": [3]}), COLUMNS)
        store.write_json(tmp_path / f"{name}.json", {"b": np.float32(0.5), "a": (1, np.int64(2))})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    assert store.read_json(tmp_path / "a.json") == {"a": [1, 2], "b": 0.5}


def test_a_table_must_have_the_declared_columns(tmp_path):
    path = tmp_path / "t.parquet"
    tables.write(path, pd.DataFrame({"sweeps": [np.nan, 7.0], "seed": [1, 2]}), COLUMNS)
    assert list(tables.read(path).columns) == ["seed", "sweeps"]
    assert pa.parquet.read_schema(path).field("sweeps").metadata[b"unit"] == b"sweeps"
    with pytest.raises(ValueError, match=r"missing columns \['sweeps'\]"):
        tables.write(path, pd.DataFrame({"seed": [1]}), COLUMNS)
    with pytest.raises(ValueError, match=r"undeclared columns \['extra'\]"):
        tables.write(path, pd.DataFrame({"seed": [1], "sweeps": [1.0], "extra": [0]}), COLUMNS)


def test_a_failed_writer_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "text"
    store.write_text(path, "good")
    with pytest.raises(RuntimeError), store.replacing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "good"
    assert list(tmp_path.iterdir()) == [path]


def test_json_refuses_what_it_cannot_hold(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        store.write_json(tmp_path / "x.json", {"rate": float("nan")})
    assert not (tmp_path / "x.json").exists()


def test_a_missing_file_says_how_to_make_it(tmp_path):
    with pytest.raises(UserError, match="let Snakemake make it"):
        tables.read(tmp_path / "gone.parquet")
