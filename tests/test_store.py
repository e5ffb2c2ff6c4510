"""Files are written completely or not at all, with the same bytes for the same content, and read back unchanged."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from safetensors.numpy import save

from backprop.__main__ import main
from backprop.protocol import UserError
from backprop.results import store, tables
from backprop.results.tables import Column
from backprop.results.variant import Run

COLUMNS = (Column("seed", pa.int64(), "the seed"), Column("sweeps", pa.float64(), "sweeps until solved", "sweeps"))


def test_arrays_and_the_mapping_about_them_are_read_back(tmp_path):
    arrays = {"weights": np.arange(6, dtype=np.float32).reshape(3, 2).T, "seeds": np.array([4, 7])}
    about = {"protocol": {"epsilon": 0.1}, "provenance": {}}
    path = tmp_path / "deep" / "trained.safetensors"
    store.write_arrays(path, arrays, about)
    read = store.read_arrays(path)
    assert set(read) == set(arrays)
    np.testing.assert_array_equal(read["weights"], arrays["weights"])
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


def test_a_failed_writer_keeps_the_old_file_and_leaves_no_other(tmp_path):
    path = tmp_path / "text"
    store.write_text(path, "good")
    with pytest.raises(RuntimeError), store.replacing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "good"
    assert list(tmp_path.iterdir()) == [path]


def test_a_writer_removes_what_a_killed_writer_left_but_not_the_file_of_a_running_one(tmp_path):
    path = tmp_path / "text"
    (tmp_path / ".text.killed").write_text("half")
    (tmp_path / ".text2.killed").write_text("of another file")
    with store.replacing(path) as running:
        store.write_text(path, "second")
        assert {*tmp_path.iterdir()} == {path, running, tmp_path / ".text2.killed"}
        running.write_text("first")
    assert path.read_text() == "first"


def test_json_refuses_nan(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        store.write_json(tmp_path / "x.json", {"rate": float("nan")})
    assert not (tmp_path / "x.json").exists()


READERS = [
    (store.read_arrays, "trained.safetensors"),
    (store.read_about, "trained.safetensors"),
    (store.read_json, "findings.json"),
    (tables.read, "networks.parquet"),
]


def write_all(folder: Path) -> None:
    store.write_arrays(folder / "trained.safetensors", {"x": np.arange(1000.0)}, {"protocol": {"epsilon": 0.1}})
    store.write_json(folder / "findings.json", {"values": list(range(100))})
    table = pd.DataFrame({"seed": range(100), "sweeps": np.arange(100.0)})
    tables.write(folder / "networks.parquet", table, COLUMNS)


@pytest.mark.parametrize(("read", "name"), READERS)
def test_a_missing_file_is_named_with_the_command_that_makes_it(tmp_path, read, name):
    path = tmp_path / name
    with pytest.raises(UserError) as raised:
        read(path)
    assert str(raised.value) == f"{path} does not exist; make it with `uv run snakemake --cores all {path}`."


@pytest.mark.parametrize("length", ["nothing", "four bytes", "a half", "all but a byte"])
@pytest.mark.parametrize(("read", "name"), READERS)
def test_a_truncated_file_is_named_with_what_to_do(tmp_path, read, name, length):
    write_all(tmp_path)
    path = tmp_path / name
    content = path.read_bytes().rstrip(b"\n")
    kept = {"nothing": 0, "four bytes": 4, "a half": len(content) // 2, "all but a byte": len(content) - 1}[length]
    path.write_bytes(content[:kept])
    with pytest.raises(UserError) as raised:
        read(path)
    command = f"uv run snakemake --cores all {path}"
    assert str(raised.value) == f"{path} is damaged or incomplete; delete it and make it again with `{command}`."


@pytest.mark.parametrize("content", [b"<html>404</html>" * 20, b"\xff\xfe\x00" * 50])
@pytest.mark.parametrize(("read", "name"), READERS)
def test_a_file_of_another_kind_is_refused(tmp_path, read, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match="is damaged or incomplete; delete it"):
        read(tmp_path / name)


def test_arrays_without_the_mapping_about_them_are_refused(tmp_path):
    path = tmp_path / "foreign.safetensors"
    path.write_bytes(save({"x": np.ones(3)}))
    with pytest.raises(UserError, match="is damaged or incomplete; delete it"):
        store.read_about(path)


def test_a_table_with_other_columns_is_refused_by_name(tmp_path):
    write_all(tmp_path)
    path = tmp_path / "networks.parquet"
    assert len(tables.read(path, COLUMNS)) == 100
    fraction = Column("fraction", pa.float64(), "share of the cases")
    with pytest.raises(UserError) as raised:
        tables.read(path, (*COLUMNS, fraction))
    assert str(raised.value).startswith(
        f"{path} has no column 'fraction', because another version of the code wrote it"
    )
    with pytest.raises(UserError, match="has no column 'fraction'"):
        _ = Run(tmp_path, (fraction,)).table
    assert list(Run(tmp_path).table.columns) == ["seed", "sweeps"]


@pytest.mark.parametrize(("content", "fault"), [(b"PAR1", "is damaged or incomplete"), (None, "has no column '")])
def test_a_command_reports_a_bad_table_in_one_line(tmp_path, capsys, content, fault):
    write_all(tmp_path / "symmetry" / "paper")
    path = tmp_path / "symmetry" / "paper" / tables.TABLE
    if content is not None:
        path.write_bytes(content)
    assert main(["--results", str(tmp_path), "find", "symmetry", "--variants", "paper"]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"backprop: {path} {fault}")
    assert error.count("\n") == 1


def test_a_command_reports_invalid_findings_in_one_line(tmp_path, capsys):
    findings = tmp_path / "symmetry" / "findings.json"
    store.write_text(findings, '{"values": ')
    assert main(["--results", str(tmp_path), "draw", "symmetry", "--variants", "paper"]) == 2
    assert f"{findings} is damaged or incomplete" in capsys.readouterr().err
