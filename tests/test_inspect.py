"""`backprop inspect`: weights from any common file, what they compute, and where a network is stuck."""

import io
import json
import pickle
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from backprop import choices
from backprop.__main__ import main
from backprop.diagnosis import inspection, layers, place_text, places, standing, weights
from backprop.diagnosis.layers import Network
from backprop.engine.activations import ACTIVATIONS
from backprop.experiments.symmetry import measures
from backprop.experiments.symmetry.protocol import Protocol
from backprop.experiments.symmetry.train import train
from backprop.values import UserError

ROOT = Path(__file__).parents[1]
FIGURE_1 = ROOT / "config" / "examples" / "figure_1.json"
STUCK = ROOT / "config" / "examples" / "stuck.json"

W1, b1 = measures.FIGURE_1[0][:, :6], measures.FIGURE_1[0][:, 6]
W2, b2 = measures.FIGURE_1[1][:, :2], measures.FIGURE_1[1][:, 2]
STATE = {
    name: np.ascontiguousarray(array)
    for name, array in {"fc1.weight": W1, "fc1.bias": b1, "fc2.weight": W2, "fc2.bias": b2}.items()
}


def never(network):
    """No reading of a file solves the task."""
    del network
    return False


def inspect(file, **fields):
    return inspection.inspect_file(Path(file), Protocol(**fields), Path("no-results"))


def run(capsys, *arguments):
    """The exit status of the command, what it prints and its messages, on one line each."""
    status = main(["inspect", *map(str, arguments)])
    printed = capsys.readouterr()
    return status, " ".join(printed.out.split()), printed.err


def trained(tmp_path, failed, **fields):
    """The file of a network, trained with these fields, that has failed or solved the task."""
    arrays = train(Protocol(**fields), tuple(range(24)), "cpu", {})
    solved = arrays["first_sweep"][:, 0] >= 0
    row = int(np.flatnonzero(solved != failed)[0])
    layer_1, layer_2 = (torch.tensor(arrays[name][row, -1]) for name in ("layer_1", "layer_2"))
    state = {"0.weight": layer_1[:, :6], "0.bias": layer_1[:, 6], "2.weight": layer_2[:, :2], "2.bias": layer_2[:, 2]}
    torch.save(state, tmp_path / "network.pt")
    return tmp_path / "network.pt"


# The printed network


def test_figure_1_gets_the_numbers_of_the_report():
    numbers = inspect(FIGURE_1).numbers
    assert (numbers["right"], numbers["solved"], round(numbers["worst_error"], 3)) == (64, True, 0.156)
    own = numbers["weights"]
    assert own == numbers["figure_1"]
    assert (round(own["ratio_middle"], 2), round(own["ratio_large"], 2), own["family"]) == (1.99, 3.94, "1:2:4")
    layer_1 = measures.FIGURE_1[0][None]
    for name in ("mirror_residual", "opposite_residual", "smallest_gap"):
        assert own[name] == getattr(measures, name)(layer_1)[0]
    assert (own["palindromes_off"], own["others_one_on"], own["signs_as_printed"]) == (8, 56, True)
    assert own["distance"] == 0


def test_figure_1_in_words(capsys):
    status, text, _ = run(capsys, FIGURE_1)
    assert status == 0
    assert "Yes, it solves the task: all 64 outputs are on the right side of 0.5. The worst error is 0.156" in text
    assert "1 : 1.99 : 3.94" in text
    assert "75% 1:2:4, 25% 2:3:4" in text
    assert "This network is closer to RHW Fig. 1 than 100% of them." in text


@pytest.mark.parametrize("index", [1, 40, 95])
def test_the_symmetry_that_leads_back_to_figure_1_is_found(index):
    symmetry = measures.symmetries()[index]
    layer_1, layer_2 = measures.FIGURE_1
    moved = measures.apply_symmetry(layer_1[None], layer_2[None], symmetry)
    own = inspection.weights_measures(Network(moved[0][0], moved[1][0]), Protocol())
    back = ([unit - 1 for unit in own["units"]], [i - 1 for i in own["inputs"]])
    again = measures.apply_symmetry(*moved, (tuple(back[0]), tuple(back[1])))
    assert own["distance"] < 1e-12
    assert all(np.allclose(a[0], b) for a, b in zip(again, measures.FIGURE_1, strict=True))


# Files


def write_torch(file, state=None, **options):
    content = {name: torch.tensor(array) for name, array in (state or STATE).items()}
    torch.save(content, file, **options)


FORMATS = {
    "net.pt": write_torch,
    "net.pth": lambda file: write_torch(file, _use_new_zipfile_serialization=False),
    "net.safetensors": lambda file: save_file(STATE, file),
    "net.npz": lambda file: np.savez(file, allow_pickle=False, **STATE),
    "net.json": lambda file: file.write_text(json.dumps({name: array.tolist() for name, array in STATE.items()})),
    "list.json": lambda file: file.write_text(json.dumps([array.tolist() for array in STATE.values()])),
    "net.csv": lambda file: file.write_text(
        "\n".join(",".join(map(str, row)) for row in [*measures.FIGURE_1[0], *measures.FIGURE_1[1]])
    ),
    "net.txt": lambda file: file.write_text(
        "# hidden units\n14.2 -3.6 7.2 -7.2 3.6 -14.2\n-14.2\t3.6\t-7.1\t7.1\t-3.6\t14.2\n\n-1.1 -1.1\n\n"
        "-8.8;\n-8.8;\n\n6.4"
    ),
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_kind_of_file_gives_the_same_network(name, tmp_path):
    FORMATS[name](tmp_path / name)
    network = inspect(tmp_path / name).network
    assert np.allclose(network.layer_1, measures.FIGURE_1[0]) and np.allclose(network.layer_2, measures.FIGURE_1[1])


LAYOUTS = {
    "numpy, inputs in rows": {"W1": W1.T, "b1": b1[None], "W2": W2.T, "b2": b2[None]},
    "columns": {"P": W1, "Q": b1[:, None], "R": W2, "S": b2},
    "inputs in rows, without names": {"p": W1.T, "q": b1[None], "r": W2.T, "s": b2},
    "vectors whose names differ": {"coefs_0": W1, "intercepts_0": b1, "coefs_1": W2[0], "intercepts_1": b2},
    "another model's prefix": {f"module.net.{name}": array for name, array in STATE.items()},
    "rows with biases": {"hidden": measures.FIGURE_1[0], "output": measures.FIGURE_1[1]},
    "rows with biases first": {
        "hidden": np.roll(measures.FIGURE_1[0], 1, axis=1), "output": np.roll(measures.FIGURE_1[1], 1, axis=1)
    },
    "columns with biases": {"hidden": measures.FIGURE_1[0].T, "output": measures.FIGURE_1[1].T},
    "biases in the output row alone": {"w": W1, "bias": b1, "out": measures.FIGURE_1[1]},
    "a checkpoint": {
        **{f"model.{name}": array for name, array in STATE.items()},
        **{f"optimizer.state.{i}": array for i, array in enumerate(STATE.values())},
        "optimizer.step": np.array(1.0),
    },
}  # fmt: skip


@pytest.mark.parametrize("arrays", LAYOUTS.values(), ids=LAYOUTS)
def test_layers_are_recognised_by_shape_and_name(arrays):
    network = layers.recognise(arrays, lambda network: inspection.solves(network, Protocol()))
    assert np.allclose(network.layer_1, measures.FIGURE_1[0]) and np.allclose(network.layer_2, measures.FIGURE_1[1])
    assert bool(network.note) == any(name in arrays for name in ("hidden", "out", "p", "P"))


@pytest.mark.parametrize("bias", ["last", "first"])
def test_the_place_of_the_bias_is_asked_about_where_no_reading_solves_the_task(bias):
    rows = {"hidden": np.arange(14.0).reshape(2, 7), "output": np.arange(3.0)}
    with pytest.raises(UserError, match="say which with --bias last or --bias first"):
        layers.recognise(rows, never)
    network = layers.recognise(rows, never, bias)
    assert network.layer_2[0, -1] == (2 if bias == "last" else 0)


BAD_ARRAYS = {
    "three hidden units": ({"w": np.ones((3, 6)), "b": np.ones(3)}, "the file holds 'w' 3 × 6, 'b' 3 values"),
    "no biases": ({"w": W1, "v": W2}, "the biases are missing"),
    "no output bias": ({"w": W1, "b": b1, "v": W2}, "the bias of the output unit is missing"),
    "no hidden biases": ({"w": W1, "v": W2, "c": b2}, "the hidden biases or the output weights are missing"),
    "no output weights": ({"w": W1, "c": b2}, "the output weights are missing"),
    "17 numbers in a row": ({"array": np.ones(17)}, "expected a 6-2-1 network"),
    "many networks": ({"layer_1": np.ones((9, 2, 7)), "layer_2": np.ones((9, 1, 3))}, "9 × 2 × 7"),
    "two networks": (
        {f"{net}.{name}": array for net in "ab" for name, array in STATE.items()}, "holds 2 networks, a and b"
    ),
    "two vectors without a name": (
        {"x": W1, "y": b1, "z": W2[0], "c": b2}, "use the names 'hidden.bias' and 'output.weight'"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("arrays", "words"), BAD_ARRAYS.values(), ids=BAD_ARRAYS)
def test_arrays_that_are_no_such_network_are_named(arrays, words):
    with pytest.raises(UserError) as error:
        layers.recognise(arrays, never)
    assert words in str(error.value) and str(error.value).endswith(".")


class Malicious:
    """An object whose unpickling writes a file."""

    def __init__(self, file):
        self.file = file

    def __reduce__(self):
        return (Path.write_text, (self.file, "executed"))


def a_bomb():
    """A .npz of a few kilobytes that unpacks to more than is read."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("w.npy", bytes(weights.LARGEST + 1))
    return content.getvalue()


def npy(array):
    content = io.BytesIO()
    np.save(content, array, allow_pickle=True)
    return content.getvalue()


def a_state(**changes):
    content = io.BytesIO()
    torch.save({name: torch.tensor(array) for name, array in {**STATE, **changes}.items()}, content)
    return content.getvalue()


BAD_FILES = {
    "a whole model": ("m.pt", lambda: _saved(torch.nn.Linear(6, 2)), "torch.save(model.state_dict(), FILE)"),
    "another pickle": ("m.pth", lambda: pickle.dumps({"a": Path("x")}), "torch.save(model.state_dict(), FILE)"),
    "no tensors": ("m.pt", lambda: _saved({"epoch": 3}), "holds no tensor"),
    "a view of one number": ("m.pt", lambda: _saved({"w": torch.ones(1).expand(10**9)}), "1,000,000,000 values"),
    "complex numbers": ("m.pt", lambda: _saved({"w": torch.ones(2, 6, dtype=torch.complex64)}), "real numbers"),
    "nan": ("m.pt", lambda: a_state(**{"fc1.bias": np.array([np.nan, 1])}), "1 weights that are nan: the training"),
    "infinity": ("m.pt", lambda: a_state(**{"fc1.bias": np.array([np.inf, 1])}), "infinite"),
    "a huge weight": ("m.pt", lambda: a_state(**{"fc1.bias": np.array([1e9, 1])}), "a weight of 1.0e+09"),
    "a huge file": ("m.npz", lambda: bytes(weights.LARGEST + 1), "1,000,001 bytes are too many"),
    "a bomb": ("m.npz", a_bomb, "unpacks to 1,000,001 bytes"),
    "a damaged archive": ("m.npz", lambda: b"PK\x03\x04nothing", "damaged"),
    "objects in an array": ("m.npy", lambda: npy(np.array([Path("x")])), "holds Python objects, which are not read"),
    "an array of text": ("m.npy", lambda: npy(np.array(["x"])), "weights must be real numbers"),
    "a header that lies": ("m.npy", lambda: npy(np.ones(2)).replace(b"(2,)", b"(9999999999999,)"), "damaged"),
    "no safetensors": ("m.safetensors", lambda: b"\xff" * 64, "damaged"),
    "no JSON": ("m.json", lambda: b"{", "not valid JSON"),
    "deep JSON": ("m.json", lambda: b"[" * 100_000, "not valid JSON"),
    "text in JSON": ("m.json", lambda: b'{"w": [1, "two"]}', "'w' holds 'two', which is not a number"),
    "ragged JSON": ("m.json", lambda: b'{"w": [[1, 2], [3]]}', "the rows of 'w' have different lengths"),
    "a number in JSON": ("m.json", lambda: b"3", "the file holds 3; expected the weights by name"),
    "text in rows": ("m.csv", lambda: b"w1,w2\n1,2\n", "line 1 holds 'w1', which is not a number"),
    "no text": ("m.csv", lambda: b"\xff\xfe\x00", "not plain text"),
    "empty": ("m.json", lambda: b"", "the file is empty"),
    "another kind": ("m.docx", lambda: b"x", "unknown kind of file; allowed are .pt, .pth"),
}


def _saved(content):
    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()


@pytest.mark.parametrize(("name", "content", "words"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_bad_file_is_one_sentence_and_status_2(name, content, words, tmp_path, capsys):
    file = tmp_path / name
    file.write_bytes(content())
    status, _, message = run(capsys, file)
    assert status == 2
    assert words in message
    assert message.startswith(f"backprop: {file}: ") and message.endswith(".\n") and message.count("\n") == 1


@pytest.mark.parametrize("suffix", [".pt", ".npy", ".npz"])
def test_nothing_in_a_file_is_executed(suffix, tmp_path, capsys):
    proof, file = tmp_path / "proof", tmp_path / f"evil{suffix}"
    evil = np.array([Malicious(proof)], dtype=object)
    content = {".pt": lambda: _saved({"w": Malicious(proof)}), ".npy": lambda: npy(evil), ".npz": lambda: _npz(evil)}
    file.write_bytes(content[suffix]())
    assert run(capsys, file)[0] == 2
    assert not proof.exists()


def _npz(array):
    content = io.BytesIO()
    np.savez(content, w=array)
    return content.getvalue()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["missing.pt"], "missing.pt: no such file."),
        ([FIGURE_1, "--output", "sigmoid"], "output is 'sigmoid'; allowed are logistic"),
        ([FIGURE_1, "--targets", "1", "0"], "the first must be below the second"),
        ([FIGURE_1, "--inputs", "0", "zero"], "inputs contains 'zero'"),
        ([FIGURE_1, "--bias", "middle"], "--bias is 'middle'; allowed are last and first."),
    ],
)
def test_a_mistake_is_one_sentence_and_status_2(arguments, words, capsys):
    status, _, message = run(capsys, *arguments)
    assert status == 2
    assert words in message and message.count("\n") == 1


# What a network computes


@pytest.mark.parametrize("name", choices.ACTIVATIONS)
def test_activations_are_those_of_the_engine(name):
    x = torch.linspace(-30, 30, 601, dtype=torch.float64)
    y = torch.empty_like(x)
    ACTIVATIONS[name].forward(x, y)
    assert np.allclose(inspection.ACTIVATIONS[name](x.numpy()), y.numpy(), atol=1e-12)


@pytest.mark.parametrize("hidden", ["logistic", "tanh"])
@pytest.mark.parametrize("output", ["logistic", "tanh"])
@pytest.mark.parametrize("inputs", [(0.0, 1.0), (-1.0, 1.0), (0.2, 0.7)])
def test_the_logistic_equivalent_computes_the_same(hidden, output, inputs):
    rng = np.random.default_rng(3)
    network = Network(rng.normal(size=(2, 7)), rng.normal(size=(1, 3)))
    protocol = Protocol(hidden=hidden, output=output, inputs=inputs)
    equivalent = inspection.as_logistic(network, protocol)
    assert equivalent
    y = inspection.outputs(network, protocol)
    expected = (1 + y) / 2 if output == "tanh" else y
    assert np.allclose(inspection.outputs(equivalent, Protocol()), expected)


def test_other_activations_have_no_logistic_equivalent():
    network = Network(np.ones((2, 7)), np.ones((1, 3)))
    assert inspection.as_logistic(network, Protocol(hidden="relu")) is None
    assert inspection.weights_measures(network, Protocol(hidden="relu"))["distance"] is None


def test_a_bipolar_tanh_network_is_inspected(tmp_path, capsys):
    fields = {"inputs": (-1.0, 1.0), "targets": (-1.0, 1.0), "hidden": "tanh", "output": "tanh"}
    file = trained(tmp_path, failed=False, epsilon=0.003, sweeps=2000, **fields)
    options = "--inputs -1 1 --targets -1 1 --hidden tanh --output tanh".split()
    status, text, _ = run(capsys, file, *options)
    assert status == 0
    assert "Yes, it solves the task: all 64 outputs are on the right side of 0." in text
    own = inspect(file, **fields).numbers["weights"]
    assert own["family"] in ("1:2:4", "2:3:4") and own["mirror_residual"] < 0.05 and own["signs_as_printed"]
    text = run(capsys, file)[1]
    assert "with --inputs -1 1 --hidden tanh the same weights solve the task" in text


# Where a network is stuck


def test_places_are_told_apart_by_the_outputs():
    palindrome = measures.is_palindrome(measures.cases())
    rng = np.random.default_rng(0)
    some = np.where(palindrome, 0.9, 0.1)
    some[np.flatnonzero(palindrome)[:3]] = 0.2
    cases = {
        "solved": np.where(palindrome, 0.9, 0.1),
        "off": np.full(64, 0.001),
        "constant": np.full(64, 0.125) + 0.01 * rng.random(64),
        "untrained": np.full(64, 0.48),
        "rising": np.where(palindrome, 0.4, 0.05),
        "some": some,
        "swapped": np.where(palindrome, 0.1, 0.9),
        "mixed": 1 - some,
    }
    assert list(places.places(np.array(list(cases.values())), 0, 1)) == list(cases)
    assert set(cases) == set(places.KINDS)
    assert list(places.places(2 * np.array(list(cases.values())) - 1, -1, 1)) == list(cases)


def test_the_levels_of_the_error_are_those_of_the_report():
    assert places.levels(1) == places.Levels(off=4.0, constant=3.5)
    assert places.levels(0.8).off == pytest.approx(2.56)


STORIES = {
    "the mean": ({"error": "mean", "sweeps": 1425}, ["almost the same output", "sum the squared errors"]),
    "no momentum": ({"alpha": 0.0, "sweeps": 1425}, ["too short or too few", "use momentum 0.9"]),
    "zero biases": ({"bias_range": 0.0, "sweeps": 1425}, ["on the plateau at E = 4.00", "late, not stuck"]),
    "an early stop": ({"sweeps": 300}, ["on the plateau at E = 4.00", "train longer"]),
    "other targets": ({"targets": (0.1, 0.9), "sweeps": 3000}, ["of the 8 palindromes", "in a local minimum"]),
}  # fmt: skip


@pytest.mark.parametrize(("fields", "words"), STORIES.values(), ids=STORIES)
def test_public_failures_are_recognised_by_their_weights(fields, words, tmp_path, capsys):
    file = trained(tmp_path, failed=True, **fields)
    options = ["--targets", "0.1", "0.9"] if "targets" in fields else []
    status, text, _ = run(capsys, file, *options)
    assert status == 0
    assert "No, it does not solve the task" in text
    assert [word for word in words if word not in text] == []


@pytest.mark.parametrize("kind", [kind for kind in places.KINDS if kind != "solved"])
def test_every_place_has_words_under_both_codings(kind):
    for targets in ((0.0, 1.0), (0.1, 0.9)):
        words = place_text.sentences(replace(inspect(STUCK, targets=targets), place=kind))
        assert len(words) >= 2 and all(sentence.endswith(".") for sentence in words)
        assert words[-1].startswith("What to do: ")


# Where it is among the report's networks


def test_the_stored_reference_is_that_of_the_report():
    for coding, targets in (("0/1", (0.0, 1.0)), (".1/.9", (0.1, 0.9))):
        reference = standing.load(Path("no-results"), targets)
        assert reference["coding"] == coding and reference["networks"] == 4000
        assert sum(reference["families"].values()) == reference["solved"]
        assert sum(reference["places"].values()) == reference["networks"] - reference["solved"]
        for quantiles in reference["quantiles"].values():
            assert len(quantiles) == 101 and quantiles == sorted(quantiles)


def test_a_run_of_as_many_networks_replaces_the_stored_reference(tmp_path, monkeypatch):
    from tests.experiments import build

    build("symmetry", {"paper": Protocol(seeds=30, sweeps=1200)}, tmp_path / "symmetry")
    assert standing.load(tmp_path, (0.0, 1.0))["networks"] == 4000, "a smaller run does not"
    stored = json.loads(standing.STORED.read_text())
    stored["0/1"]["networks"] = 30
    (tmp_path / "stored.json").write_text(json.dumps(stored))
    monkeypatch.setattr(standing, "STORED", tmp_path / "stored.json")
    reference = standing.load(tmp_path, (0.0, 1.0))
    assert (reference["networks"], reference["cap"]) == (30, 1200)
    assert reference["solved"] + sum(reference["places"].values()) == 30


# Other forms of the answer


def test_json_holds_the_numbers_and_the_sentences(capsys):
    status, text, _ = run(capsys, STUCK, "--targets", "0.1", "0.9", "--json")
    content = json.loads(text)
    assert status == 0
    assert (content["right"], content["place"], content["missed"]) == (57, "some", 7)
    assert any("recognises 1 of the 8 palindromes" in sentence for sentence in content["sentences"])


@pytest.mark.parametrize(("file", "options"), [(FIGURE_1, []), (STUCK, ["--targets", "0.1", "0.9"]),
                                               (STUCK, ["--hidden", "relu"])])  # fmt: skip
def test_the_page_is_one_file_with_a_drawing_that_loads_nothing(file, options, tmp_path, capsys):
    page = tmp_path / "page.html"
    assert run(capsys, file, *options, "--html", page)[0] == 0
    text = page.read_text()
    assert text.startswith("<!DOCTYPE html>") and "<svg" in text
    assert "://" not in text.replace("http://www.w3.org", ""), "nothing is loaded"
    assert f"Inspection of {file.name}" in text


def test_a_name_is_escaped_on_the_page(tmp_path, capsys):
    file = tmp_path / "<b>net.json"
    file.write_text(FIGURE_1.read_text())
    assert run(capsys, file, "--html", tmp_path / "page.html")[0] == 0
    assert "<b>" not in (tmp_path / "page.html").read_text()
