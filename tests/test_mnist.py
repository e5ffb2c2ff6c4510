"""Lab 000's digit classifier: the recipe is the lab's, networks are independent, verdicts follow the data."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from backprop import datasets
from backprop.documents import pages
from backprop.documents.claims import read_claims
from backprop.experiments.mnist import analyse, figures, findings, train
from backprop.experiments.mnist.protocol import EVALUATION_BATCH, Protocol
from backprop.results import store
from backprop.results.variant import Run
from backprop.stages import analyse as analyse_stage
from backprop.stages import find as find_stage
from backprop.stages import train as train_stage
from tests import experiments

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """The bundled digits, as the pipeline writes them."""
    folder = tmp_path_factory.mktemp("data")
    datasets.fetch("MNIST", "bundled", folder / "MNIST.safetensors", folder / "raw")
    return {"MNIST": folder / "MNIST.safetensors"}


@pytest.fixture(scope="module")
def trained(digits):
    return train.train(Protocol(seeds=3, epochs=12), (0, 1, 2), "cpu", digits)


def test_training_is_the_labs_own_loop(digits):
    """Modules, torch.optim.SGD and a loop over batches, from the same weights and in the same order."""
    data = datasets.load(digits["MNIST"])
    protocol = Protocol(epochs=2)
    generator = torch.Generator().manual_seed(7)
    model = train.network(protocol, generator)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-2, momentum=0.9)
    images = (torch.tensor(data.train_images).float().reshape(-1, 784) / 255 - 0.1307) / 0.3081
    labels = torch.tensor(data.train_labels).long()
    expected = []
    for _ in range(2):
        for batch in torch.randperm(len(labels), generator=generator).split(256):
            loss = nn.CrossEntropyLoss()(model(images[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            expected.append(loss.item())
    pixels, answers = train.rows(data.train_images, CPU), train.targets(data.train_labels, CPU)
    ours, record = train.train_one(protocol, 7, (pixels, answers), (train.normalized(pixels, protocol), answers))
    np.testing.assert_allclose(record["losses"], expected, rtol=1e-5)
    for ours_one, lab_one in zip(ours.parameters(), model.parameters(), strict=True):
        torch.testing.assert_close(ours_one, lab_one, rtol=1e-4, atol=1e-6)
    assert len(expected) == 2 * int(np.ceil(len(labels) / 256))  # the last, smaller batch is used too


def test_pixels_are_normalized_as_by_torchvision():
    from torchvision import transforms

    images = np.random.default_rng(0).integers(0, 256, (2, 28, 28), dtype=np.uint8)
    recipe = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))])
    expected = torch.stack([recipe(image[:, :, None]).reshape(-1) for image in images])
    torch.testing.assert_close(train.normalized(train.rows(images, CPU), Protocol()), expected)


def test_weights_are_drawn_as_torch_draws_them():
    """Uniform within ±1/sqrt(inputs): bounds, and mean and deviation within five standard errors."""
    model = train.network(Protocol(), torch.Generator().manual_seed(0))
    sizes = [(layer.in_features, layer.out_features) for layer in model if isinstance(layer, nn.Linear)]
    assert sizes == [(784, 32), (32, 16), (16, 10)]
    scaled = torch.cat([layer.weight.flatten() * layer.in_features**0.5 for layer in model
                        if isinstance(layer, nn.Linear)]).detach()  # fmt: skip
    assert scaled.abs().max() <= 1
    assert abs(scaled.mean()) < 5 * (1 / 3 / scaled.numel()) ** 0.5
    assert abs(scaled.square().mean() - 1 / 3) < 5 * (4 / 45 / scaled.numel()) ** 0.5


@pytest.mark.parametrize("dropout", [0.0, 0.2])
def test_a_seed_trains_the_same_alone_and_in_a_crowd(digits, dropout):
    protocol = Protocol(epochs=1, dropout=dropout)
    crowd = train.train(protocol, (3, 1, 2), "cpu", digits)
    alone = train.train(protocol, (1,), "cpu", digits)
    for name in set(alone) - {"labels", "missed", "missed_images", "train_images_used"}:
        np.testing.assert_array_equal(crowd[name][1], alone[name][0], name)


def test_nothing_depends_on_the_state_of_the_global_generator(digits):
    """Dropout draws from it in training and in the measurements after it; torch seeds it anew in each process."""
    runs = []
    for state in (1, 2):
        torch.manual_seed(state)
        runs.append(train.train(Protocol(epochs=1, dropout=0.2), (1,), "cpu", digits))
    for name in runs[0]:
        np.testing.assert_array_equal(runs[0][name], runs[1][name], err_msg=name)


def test_the_network_learns_and_the_arrays_agree_with_each_other(trained):
    right = trained["answers"] == trained["labels"]
    np.testing.assert_array_equal(right.sum(axis=1), trained["correct"][:, -1])
    assert (trained["correct"][:, -1] > 0.5 * len(trained["labels"])).all()
    np.testing.assert_array_equal(trained["missed"], np.flatnonzero(~right.all(axis=0)))
    assert trained["missed_images"].shape == (len(trained["missed"]), 28, 28)
    assert ((trained["confidence"] >= 0.1) & (trained["confidence"] <= 1)).all()


def test_confusion_counts_every_image_once(trained):
    counts = analyse.confusion(trained)
    assert (counts.sum(axis=(1, 2)) == len(trained["labels"])).all()
    np.testing.assert_array_equal(np.trace(counts, axis1=1, axis2=2), trained["correct"][:, -1])
    np.testing.assert_array_equal(counts.sum(axis=2)[0], np.bincount(trained["labels"]))


def test_the_most_wrong_images_come_first():
    arrays: dict[str, np.ndarray] = {
        "labels": np.array([3, 5, 7, 9], dtype=np.uint8),
        "answers": np.array([[3, 6, 1, 4], [3, 6, 7, 4]], dtype=np.uint8),
        "confidence": np.array([[0.9, 0.6, 0.9, 0.7], [0.9, 0.4, 0.9, 0.9]], dtype=np.float32),
        "missed": np.array([1, 2, 3]),
    }
    worst = analyse.most_wrong(arrays, 2)
    assert worst.label.tolist() == [9, 5]
    assert worst.answer.tolist() == [4, 6]
    assert worst.networks.tolist() == [2, 2]
    assert worst.place.tolist() == [2, 0]
    np.testing.assert_allclose(worst.confidence, [0.8, 0.5], atol=1e-6)


def test_what_eval_changes_shows_only_with_dropout(digits, trained):
    dropped = train.train(Protocol(epochs=1, dropout=0.5), (0,), "cpu", digits)
    assert (trained["mode_difference"] == 0).all()
    assert dropped["mode_difference"][0] > 0.01


def test_what_no_grad_changes(trained):
    assert (trained["grad_difference"] == 0).all()
    # outputs of 32 and 16 hidden units, 4 bytes each, for at most one batch of images
    images = min(EVALUATION_BATCH, len(trained["labels"]))
    assert trained["kept_bytes"].tolist() == [[4 * (32 + 16) * images, 0]] * 3
    assert trained["backward_refused"].all()


def test_a_softmax_before_the_loss_cannot_get_below_its_floor(digits):
    arrays = train.train(Protocol(epochs=2, softmax=True), (0,), "cpu", digits)
    assert (arrays["losses"] > np.log1p(9 / np.e)).all()


@pytest.fixture
def runs(trained, digits, tmp_path):
    """The trained networks as runs on disk, with and without the stand-in's provenance."""

    def write(source):
        folder = tmp_path / source.replace(" ", "_") / "paper"
        provenance = {"MNIST": {**store.read_about(digits["MNIST"]), "source": source}}
        about = {"experiment": "mnist", "protocol": vars(Protocol(seeds=3, epochs=12)), "provenance": provenance}
        store.write_arrays(folder / "trained.safetensors", trained, about)
        analyse_stage.run("mnist", Protocol(seeds=3, epochs=12), folder)
        return {"paper": Run(folder)}

    return write


def test_accuracy_is_not_judged_on_the_stand_in(runs):
    for source, judged in (("bundled", False), ("local copy", True)):
        ours = runs(source)
        values = findings.values(ours)
        verdicts = findings.verdicts(values)
        assert (verdicts["D1"] != "not judged") == judged
        assert set(verdicts) == {"D1", "D2", "D3", "D4"}
        store.write_json(ours["paper"].folder / "values.json", values)  # no nan anywhere


@pytest.mark.parametrize(
    ("lowest", "highest", "stand_in", "verdict"),
    [
        (0.95, 0.96, False, "reproduced"),
        (0.80, 0.96, False, "partly"),
        (0.80, 0.85, False, "not reproduced"),
        (0.95, 0.96, True, "not judged"),
    ],
)
def test_a_network_reads_if_it_recognises_nine_images_in_ten(lowest, highest, stand_in, verdict):
    assert findings.by_accuracy({"lowest": lowest, "highest": highest}, stand_in) == verdict


@pytest.mark.parametrize(
    ("difference", "dropout", "verdict"),
    [
        (0.0, {"lost": 0.05}, "reproduced"),
        (0.0, {"lost": 0.0}, "partly"),
        (0.0, None, "partly"),
        (0.1, {"lost": 0.05}, "partly"),
        (0.1, None, "not reproduced"),
    ],
)
def test_eval_must_do_nothing_here_and_something_with_dropout(difference, dropout, verdict):
    assert findings.by_mode(difference, dropout) == verdict


@pytest.mark.parametrize(
    "change", [{}, {"difference": 1e-6}, {"kept_with": 0}, {"kept_without": 4}, {"refused": False}]
)
def test_no_grad_must_change_memory_and_nothing_else(change):
    measured = {"difference": 0.0, "kept_with": 98304, "kept_without": 0, "refused": True} | change
    assert findings.by_no_grad(measured) == ("not reproduced" if change else "reproduced")


@pytest.mark.parametrize("variants", [("paper",), ("paper", "softmax", "dropout")])
def test_one_network_after_one_epoch_is_judged_written_and_drawn(digits, tmp_path, variants):
    departures: dict[str, dict[str, Any]] = {"paper": {}, "softmax": {"softmax": True}, "dropout": {"dropout": 0.5}}
    for name in variants:
        protocol = Protocol(seeds=1, epochs=1, hidden_units=(8,), **departures[name])
        train_stage.run("mnist", protocol, "cpu", digits, tmp_path / name)
        analyse_stage.run("mnist", protocol, tmp_path / name)
    find_stage.run("mnist", {name: tmp_path / name for name in variants}, tmp_path / "findings.json")
    results = store.read_json(tmp_path / "findings.json")
    claims = {claim.id: claim for claim in read_claims({"mnist": results}, pages.KIT / "claims")}
    assert "784-8-10" in claims["D1"].claim
    text = experiments.section("64_mnist", {"mnist": results})
    assert "**Not MNIST.**" in text and "standard deviation" not in text
    assert ("Forget `eval()`" in text or "no lower without it" in text) == ("dropout" in variants)
    for name, figure in figures.FIGURES.items():
        assert figure({name: Run(tmp_path / name) for name in variants}, results["values"]), name
