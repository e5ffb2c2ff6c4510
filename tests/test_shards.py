"""Seeds split into jobs: the same bytes for every split, fixed ranges, estimates, and errors of one sentence."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import save

from backprop import config, dependencies, shards
from backprop.__main__ import main
from backprop.experiments.departures.protocol import Protocol as Departures
from backprop.experiments.estimates.protocol import Protocol as Estimates
from backprop.experiments.evolution.protocol import Protocol as Evolution
from backprop.experiments.evolved_symmetry.protocol import Protocol as EvolvedSymmetry
from backprop.experiments.family_trees.protocol import Protocol as FamilyTrees
from backprop.experiments.functions.protocol import Protocol as Functions
from backprop.experiments.long_run.protocol import Protocol as LongRun
from backprop.experiments.mnist.protocol import Protocol as Mnist
from backprop.experiments.online.protocol import Protocol as Online
from backprop.experiments.separability.protocol import Protocol as Separability
from backprop.experiments.symmetry import measures
from backprop.experiments.symmetry.analyse import COLUMNS
from backprop.experiments.symmetry.protocol import Protocol as Symmetry
from backprop.protocol import UserError
from backprop.results import parts, store, tables
from backprop.stages import analyse, merge, train

FEW = {
    "symmetry": Symmetry(seeds=11, sweeps=60, keep=(20,)),
    "separability": Separability(seeds=11, sweeps=60),
    "online": Online(seeds=11, sweeps=60, keep=(20,), case_order="shuffled"),
    "long_run": LongRun(seeds=11, sweeps=60, keep=(20,), knock_sweeps=20),
    "departures": Departures(
        seeds=11, sweeps=60, keep=(20,), fresh_seeds=5, codings=((0, 1),),
        grid={"rates": {"epsilon": [0.1, 0.3]}, "adam": {"optimizer": "adam"}, "tanh": {"hidden": "tanh"}},
    ),
    "evolved_symmetry": EvolvedSymmetry(seeds=11, sweeps=60, method="evolution", samples=(4,)),
    "family_trees": FamilyTrees(seeds=11, sweeps=260),
    "evolution": Evolution(
        seeds=11, method="evolution", samples=(4,), images=100, batch=50, epochs=2, image_size=4, hidden_units=8,
    ),
    "functions": Functions(seeds=11, images=100, batch_size=50, epochs=2, hidden_units=8),
    "estimates": Estimates(seeds=11, networks=((2, 4), (4, 4)), batch=20, samples=(4,), sigma_samples=4, directions=2),
}  # fmt: skip
"""Experiments that can be split, with a protocol that takes a moment."""


def train_in(home, experiment, protocol, sizes, images=None):
    """The bytes of the arrays trained in one job (size 0) and in shards of each size."""
    found = []
    data = dict.fromkeys(config.data_sets(experiment), images)
    for size in sizes:
        folder, some = home / str(size), []
        for shard in shards.split(protocol, size):
            own, path = shards.of_shard(protocol, shard), shard.file(home / str(size), experiment, "paper")
            train.run(experiment, own, "cpu", data, folder, path)
            some.append((own, path))
        if some:
            merge.run(experiment, protocol, "cpu", some, folder)
        else:
            train.run(experiment, protocol, "cpu", data, folder)
        found.append((folder / store.ARRAYS).read_bytes())
    return found


@pytest.mark.parametrize("experiment", FEW)
def test_one_two_and_three_uneven_shards_give_the_same_bytes(experiment, images, tmp_path):
    whole, *split = train_in(tmp_path, experiment, FEW[experiment], (0, 6, 4), images)
    assert [content == whole for content in split] == [True, True]


def test_every_experiment_that_can_be_split_is_tested():
    can = {name for name, kind in config.protocol_classes().items() if kind.shared is not None}
    assert can == {*FEW}


def test_a_variant_whose_seeds_choose_a_setting_is_trained_in_one_job():
    search, long = FamilyTrees(seeds=10**5, scales=(1.0, 2.0)), FamilyTrees(seeds=10**5)
    assert shards.size(search) == shards.size(search, 4) == 0 < shards.size(long)
    with pytest.raises(UserError, match="are trained in one job"):
        shards.can_split(search, "family_trees")


def test_shards_fill_the_lanes_of_the_processor():
    """Sixteen family trees are trained side by side; a shard of 50 would take as long as one of 64."""
    protocol = FamilyTrees(seeds=200, sweeps=30_000)
    assert shards.size(protocol) % FamilyTrees.side_by_side == 0 < shards.size(protocol)


def test_the_order_of_a_list_of_seeds_is_kept(tmp_path):
    protocol = dataclasses.replace(FEW["symmetry"], seeds=(7, 3, 100, 4, 5))
    whole, split = train_in(tmp_path, "symmetry", protocol, (0, 2))
    assert split == whole
    assert list(store.read_arrays(tmp_path / "2" / store.ARRAYS)["seeds"]) == [7, 3, 100, 4, 5]


def test_the_joined_file_is_what_the_library_writes(tmp_path):
    """Of several dtypes, names out of order, and an array without elements."""
    rng = np.random.default_rng(0)
    rows: dict[str, np.ndarray] = {
        "z": rng.random((5, 3)),
        "a": rng.random((5, 2), np.float32),
        "b": rng.random(5) > 0.5,
        "e": np.zeros((5, 0)),
    }
    both: dict[str, np.ndarray] = {"kept": np.arange(3), "seeds": np.arange(5)}
    files = []
    for number, cut in enumerate((slice(0, 2), slice(2, 5))):
        files.append(tmp_path / f"{number}.safetensors")
        own = {name: array[cut] for name, array in rows.items()}
        own |= {"seeds": both["seeds"][cut], "kept": both["kept"]}
        store.write_arrays(files[-1], own, {"provenance": {}})
    extra = {"more": np.arange(4, dtype=np.uint8)}
    parts.Joined([parts.part(path) for path in files], ("kept",)).write(tmp_path / "joined", extra, {"b": "ü", "a": 1})
    expected = save({**rows, **both, **extra}, metadata={"about": '{"a": 1, "b": "\\u00fc"}'})
    assert (tmp_path / "joined").read_bytes() == expected


@pytest.mark.parametrize("fault", ["missing", "truncated", "other protocol", "other shared array"])
def test_a_shard_that_does_not_fit_is_named(fault, tmp_path):
    protocol = FEW["separability"] if fault != "other shared array" else FEW["symmetry"]
    experiment = "separability" if fault != "other shared array" else "symmetry"
    some = []
    for shard in shards.split(protocol, 6):
        own, path = shards.of_shard(protocol, shard), shard.file(tmp_path, experiment, "paper")
        train.run(experiment, own, "cpu", {}, tmp_path, path)
        some.append((own, path))
    path = some[1][1]
    if fault == "missing":
        path.unlink()
    elif fault == "truncated":
        path.write_bytes(path.read_bytes()[:-1])
    elif fault == "other protocol":
        train.run(experiment, Separability(seeds=some[1][0].seeds, sweeps=60, epsilon=0.3), "cpu", {}, tmp_path, path)
    else:
        arrays = store.read_arrays(path)
        store.write_arrays(path, arrays | {"kept_sweeps": arrays["kept_sweeps"] + 1}, store.read_about(path))
    with pytest.raises(UserError) as error:
        merge.run(experiment, protocol, "cpu", some, tmp_path)
    assert "6-10.safetensors" in str(error.value) and "uv run snakemake" in str(error.value)
    assert not (tmp_path / store.ARRAYS).exists()


@pytest.mark.parametrize(
    ("few", "many", "kind", "fields"),
    [
        (40_000, 200_000, Symmetry, {}),
        (200, 900, Evolution, {"method": "evolution", "samples": (10, 30, 100), "epochs": 10}),
    ],
)
def test_more_seeds_keep_the_ranges_that_are_there(few, many, kind, fields):
    """The length of a shard depends on what a seed costs and not on the number of seeds."""
    size = shards.size(kind(seeds=few, **fields))
    assert size == shards.size(kind(seeds=many, **fields))
    first, more = ([shard.name for shard in shards.split(kind(seeds=n, **fields), size)] for n in (few, many))
    assert first == more[: len(first)]


def test_every_seed_is_in_one_shard_and_names_are_read_back():
    for seeds in (10, (5, 2, 9, 1, 7)):
        split = shards.split(Symmetry(seeds=seeds), 3)
        assert [seed for shard in split for seed in shard.seeds] == list(Symmetry(seeds=seeds).seed_list)
        assert [list(shards.parse(shard.text)) for shard in split] == [list(shard.seeds) for shard in split]


def test_auto_leaves_what_is_short_in_one_job_and_splits_what_is_long():
    for name, kind in config.protocol_classes().items():
        protocol = kind()
        size = shards.size(protocol)
        if protocol.shared is None or shards.seconds(protocol) <= shards.LONGEST:
            assert size == 0, name
    faster = Evolution(method="evolution", samples=(10, 30, 100), epochs=10)
    assert len(shards.split(faster, shards.size(faster))) == 5
    million = shards.split(Symmetry(seeds=10**6), shards.size(Symmetry(seeds=10**6)))
    assert 20 < len(million) <= shards.MOST_SHARDS
    assert shards.seconds(Symmetry(seeds=len(million[0].seeds))) < shards.LONGEST


def test_a_shard_of_auto_takes_less_than_a_gigabyte():
    heavy = Symmetry(seeds=10**6, record_every=1)
    assert shards.megabytes(heavy, shards.size(heavy)) < 1000


@pytest.mark.parametrize("name", dependencies.experiments())
def test_every_experiment_estimates_its_cost(name):
    protocol = config.protocol_class(name)()
    assert 0 < protocol.work < 1e13 and 0 < protocol.bytes_kept < 1e8


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"symmetry": {"shards": 0}}, "experiments.symmetry.shards is 0; it must be auto, or 1 to 1,000 jobs."),
        ({"symmetry": {"shards": True}}, "experiments.symmetry.shards is true"),
        ({"symmetry": {"shards": "many"}}, "experiments.symmetry.shards is 'many'"),
        ({"mnist": {"shards": 2}}, "experiments.mnist.shards is 2, but its networks are trained in one job"),
    ],
)
def test_a_wrong_number_of_shards_is_refused_in_one_sentence(settings, words):
    with pytest.raises(UserError) as error:
        config.check({"experiments": settings})
    assert words in str(error.value) and "\n" not in str(error.value)


def test_auto_is_accepted_everywhere():
    assert Mnist.shared is None
    config.check({"experiments": {name: {"shards": "auto"} for name in dependencies.experiments()}})


@pytest.mark.parametrize("seeds", ["5-", "a", "1,,2", "-1"])
def test_a_shard_on_the_command_line_is_checked(seeds, capsys):
    assert main(["train", "symmetry", f"--seeds={seeds}"]) == 2
    assert "expected a range such as 0-4999" in capsys.readouterr().err
    assert main(["train", "mnist", "--seeds", "0-3"]) == 2
    assert "the networks of mnist are trained in one job" in capsys.readouterr().err


def test_analysis_in_chunks_gives_the_rows_of_the_whole_stack(tmp_path, monkeypatch):
    protocol = Separability(seeds=23, sweeps=60)
    train.run("separability", protocol, "cpu", {}, tmp_path)
    analyse.run("separability", protocol, tmp_path)
    whole = tables.read(tmp_path / tables.TABLE)
    monkeypatch.setattr(analyse, "CHUNK", 5)
    analyse.run("separability", protocol, tmp_path)
    pd.testing.assert_frame_equal(tables.read(tmp_path / tables.TABLE), whole)


def test_families_are_found_among_the_first_networks_and_assigned_to_all(tmp_path, monkeypatch):
    protocol = Symmetry(seeds=400, sweeps=2000, until_solved=True)
    train.run("symmetry", protocol, "cpu", {}, tmp_path)
    analyse.run("symmetry", protocol, tmp_path)
    whole = tables.read(tmp_path / tables.TABLE)
    monkeypatch.setattr(analyse, "CHUNK", 150)
    analyse.run("symmetry", protocol, tmp_path)
    chunks = tables.read(tmp_path / tables.TABLE)
    assert {"1:2:4", "2:3:4"} <= set(whole.family)
    assert (chunks.family == whole.family).mean() > 0.97
    others = [column.name for column in COLUMNS if column.name not in ("family",)]
    pd.testing.assert_frame_equal(chunks[others], whole[others])


def test_a_network_far_from_all_families_is_other():
    known = measures.Families(np.log2([[2.0, 4.0], [1.5, 2.0]]), np.array(["1:2:4", "2:3:4"], dtype=object))
    assert list(known.of(np.array([2.02, 1.5, 3.0, np.nan, 0.0]), np.array([4.0, 2.01, 3.5, 4.0, 4.0]))) == [
        "1:2:4", "2:3:4", "other", "other", "other",
    ]  # fmt: skip
