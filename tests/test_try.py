"""`backprop try`: a user's protocol beside the paper's from the same seeds, and the rule that names a cause."""

import io
import json
import re

import numpy as np
import pytest

from backprop.__main__ import main
from backprop.diagnosis import settings, side_by_side, trial, why
from backprop.diagnosis.progress import Bar
from backprop.diagnosis.remedies import remedy
from backprop.experiments.symmetry.protocol import PRINTED_SWEEPS, Protocol


def answer(rates, names=("a", "b", "c"), networks=400):
    """The rule's answer where the networks with a set of departures, written "ab", solve the task at these rates.

    The first networks are those that solve it, so that the protocols agree on most networks.
    """

    def solved(chosen):
        return np.arange(networks) < round(rates["".join(sorted(chosen))] * networks)

    return why.answer(names, solved)


def run(capsys, *arguments):
    """What the command prints, and its exit status."""
    status = main(["try", *arguments])
    printed = capsys.readouterr()
    return status, printed.out, printed.err


@pytest.mark.parametrize(
    ("rates", "kind", "cause"),
    [
        ({"": 0.6, "a": 0.0, "b": 0.6, "ab": 0.0}, "one", ("a",)),
        ({"": 0.6, "a": 0.0, "b": 0.0, "ab": 0.0}, "several", ("a", "b")),
        ({"": 0.6, "a": 0.3, "b": 0.3, "ab": 0.0}, "several", ("a", "b")),
        ({"": 0.6, "a": 0.6, "b": 0.6, "ab": 0.0}, "one", ("a",)),
        ({"": 0.6, "a": 0.6, "b": 0.5, "ab": 0.59}, "no loss", ()),
        ({"": 0.6, "a": 0.6, "b": 0.9, "ab": 0.9}, "gain", ()),
    ],
)
def test_the_cause_restores_half_of_the_loss_or_is_a_set_that_does(rates, kind, cause):
    found = answer(rates, ("a", "b"))
    assert (found.kind, found.cause) == (kind, cause)


def test_the_smallest_set_that_restores_half_of_the_loss_is_named():
    rates = {"": 0.6, "a": 0.1, "b": 0.1, "c": 0.6, "ab": 0.0, "ac": 0.1, "bc": 0.1, "abc": 0.0}
    assert answer(rates).cause == ("a", "b")


def test_another_departure_that_would_also_restore_half_of_the_loss_is_named():
    found = answer({"": 0.6, "a": 0.5, "b": 0.55, "ab": 0.0}, ("a", "b"))
    assert (found.cause, found.others) == (("a",), ("b",))


def test_a_loss_that_few_networks_cannot_show_has_no_cause():
    assert answer({"": 0.4, "a": 0.3}, ("a",), networks=10).kind == "no loss"
    assert answer({"": 0.4, "a": 0.3}, ("a",), networks=1000).kind == "one"


ATTEMPTS = {
    "the mean": ({"error": "mean"}, "one", ("error",)),
    "no momentum": ({"alpha": 0.0}, "one", ("alpha",)),
    "zero biases": ({"bias_range": 0.0}, "one", ("bias_range",)),
    "an early stop": ({"sweeps": 400}, "one", ("sweeps",)),
    "other targets": ({"targets": (-1.0, 1.0)}, "one", ("targets",)),
    "the mean, other targets": ({"error": "mean", "targets": (0.1, 0.9)}, "one", ("error",)),
    "the mean, no momentum": ({"error": "mean", "alpha": 0.0}, "several", ("error", "alpha")),
    "a start almost as the paper's": ({"weight_range": 0.31}, "no loss", ()),
}


@pytest.mark.parametrize(("overrides", "kind", "cause"), ATTEMPTS.values(), ids=ATTEMPTS)
def test_public_failures_get_the_right_answer_and_undoing_the_cause_helps_on_fresh_seeds(overrides, kind, cause):
    protocol = Protocol(**{"sweeps": PRINTED_SWEEPS, **overrides})
    reason = trial.run(protocol, 150, ask_why=True).reason
    assert reason
    assert (reason.answer.kind, set(reason.answer.cause)) == (kind, set(cause))
    if not cause:
        return

    def rate(changes):
        own = side_by_side.only_times(Protocol(**{"sweeps": PRINTED_SWEEPS, **changes}))
        batches = [arrays for _, arrays in side_by_side.train(own, range(1000, 1150))]
        return side_by_side.Trained(own, side_by_side.joined(batches)).solved_by(PRINTED_SWEEPS).mean()

    kept = {name: value for name, value in overrides.items() if name not in cause}
    paper, mine, undone = rate({}), rate(overrides), rate(kept)
    assert undone - mine >= why.HALF * (paper - mine)


def test_departures_that_only_delay_success_are_named_by_the_earlier_sweep():
    reason = trial.run(Protocol(bias_range=0.0, sweeps=4000), 100, ask_why=True).reason
    assert reason
    assert (reason.sweep, reason.answer.cause) == (PRINTED_SWEEPS, ("bias_range",))


def test_an_optimizer_and_its_options_are_one_departure():
    protocol = Protocol(optimizer="sgd", optimizer_options={"momentum": 0.5}, schedule="cosine")
    names = [departure.name for departure in settings.departures(protocol)]
    assert names == ["schedule", "optimizer"] or names == ["optimizer", "schedule"]


def test_training_longer_than_the_paper_is_no_departure_and_stopping_earlier_is():
    assert settings.departures(Protocol(sweeps=40_000)) == []
    assert [str(departure) for departure in settings.departures(Protocol(sweeps=500))] == ["Sweeps: 500 (paper: 1,425)"]


def test_every_departure_has_a_remedy_with_the_papers_own_values():
    for name in settings.option_fields():
        main_field = settings.OPTIONS_OF.get(name, name)
        assert "{" not in remedy(main_field)
    assert "lr=0.1, momentum=0.9" in remedy("alpha")


def test_slow_protocols_are_tried_with_fewer_networks_and_the_text_says_so(capsys, monkeypatch):
    assert side_by_side.affordable([Protocol()]) == side_by_side.NETWORKS
    assert side_by_side.affordable([Protocol(), Protocol(hidden="gelu")]) < side_by_side.NETWORKS
    monkeypatch.setattr(side_by_side, "WORK", 1000)
    text = " ".join(run(capsys, "--hidden", "gelu", "--sweeps", "200")[1].split())
    assert f"{side_by_side.FEWEST} networks per protocol, all from the same initial weights (fewer than usual" in text


def test_the_table_has_both_protocols_by_both_sweeps(capsys):
    status, text, _ = run(capsys, "--error", "mean", "--networks", "40", "--sweeps", "1500")
    assert status == 0
    assert "Error: mean (paper: half sum)" in text
    assert "40 networks per protocol" in text
    paper, mine = (next(line for line in text.splitlines() if line.startswith(f"{whose} protocol")) for whose in (
        "the paper's", "your"))  # fmt: skip
    assert len(re.findall(r"\d% \(", paper)) == len(re.findall(r"\d% \(", mine)) == 2
    assert "solved by sweep 1,425" in text and "solved by sweep 1,500" in text
    assert text.rstrip().endswith("Add --why to learn which departure makes the difference.")


def test_the_answer_has_the_cause_the_change_and_the_rule(capsys):
    text = run(capsys, "--error", "mean", "--alpha", "0.9", "--networks", "60", "--sweeps", "1425", "--why")[1]
    assert 'One departure is the cause: "Error: mean (paper: half sum)".' in text
    assert "Change: sum the squared errors over all cases: loss = ((y - d) ** 2).sum() / 2" in text
    assert " ".join(text.split()).endswith(why.RULE)


def test_without_departures_the_answer_is_that_the_paper_fails_too(capsys):
    text = " ".join(run(capsys, "--networks", "60", "--sweeps", "1425", "--why")[1].split())
    assert "There is nothing to put back. Even with the paper's own protocol" in text
    assert "What helps: learning rate 0.03 and momentum 0.9." in text


def test_a_file_gives_fields_and_options_override_it(capsys, tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("error: mean\nepsilon: 0.5\n")
    text = run(capsys, str(file), "--epsilon", "0.2", "--networks", "4", "--sweeps", "50")[1]
    assert "Error: mean" in text and "Learning rate ε: 0.2 (paper: 0.1)" in text


def test_json_holds_the_table_and_the_sentences(capsys):
    status, text, _ = run(capsys, "--alpha", "0", "--networks", "40", "--sweeps", "1425", "--why", "--json")
    content = json.loads(text)
    assert status == 0
    assert content["departures"] == {"alpha": {"alpha": 0.0}}
    assert [row["name"] for row in content["protocols"]] == ["the paper's protocol", "your protocol"]
    assert content["why"]["cause"] == ["alpha"]
    assert any("One departure is the cause" in sentence for sentence in content["sentences"])


def test_the_figure_is_written(capsys, tmp_path):
    file = tmp_path / "curves.svg"
    assert run(capsys, "--networks", "20", "--sweeps", "600", "--plot", str(file))[0] == 0
    assert file.read_text().startswith("<?xml")


def test_other_shapes_and_units_are_tried_too(capsys):
    arguments = "--bits 4 --hidden-units 3 --hidden tanh --output tanh --targets -1 1 --inputs -1 1".split()
    status, text, _ = run(capsys, *arguments, "--networks", "8", "--sweeps", "60")
    assert status == 0
    assert "1:2:4" not in text, "families are those of 6-2-1 networks"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--epsilon", "fast"], "epsilon is 'fast'"),
        (["--epsilon", "-1"], "epsilon is -1"),
        (["--epsilon", "nan"], "epsilon is nan"),
        (["--hidden", "sigmoid"], "hidden is 'sigmoid'; allowed are logistic"),
        (["--targets", "1", "0"], "the first must be below the second"),
        (["--bits", "6.5"], "bits is 6.5"),
        (["--networks", "0"], "--networks is '0'; it must be a whole number from 1 to 100,000."),
        (["--networks", "many"], "--networks is 'many'"),
        (["--plot", "curves.doc"], "must end in .svg"),
        (["missing.yaml"], "missing.yaml: no such file"),
        (["--optimizer-options", "fast"], "optimizer_options is 'fast'"),
    ],
)
def test_a_mistake_is_one_sentence_and_status_2(arguments, words, capsys):
    status, _, message = run(capsys, *arguments)
    assert status == 2
    assert words in message
    assert message.startswith("backprop: ") and message.count("\n") == 1


@pytest.mark.parametrize(("content", "words"), [("error: [", "not valid YAML"), ("- error", "expected lines such as"),
                                                ("eror: mean", "did you mean error?")])  # fmt: skip
def test_a_mistake_in_a_file_is_one_sentence_and_status_2(content, words, capsys, tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text(content)
    status, _, message = run(capsys, str(file))
    assert status == 2
    assert str(file) in message and words in message


def test_an_unknown_option_is_named_and_status_2(capsys):
    assert main(["try", "--learning-speed", "1"]) == 2
    assert "--learning-speed" in capsys.readouterr().err


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self):
        return True


def bar(terminal, seconds):
    stream = Terminal() if terminal else io.StringIO()
    times = iter([0.0, *[seconds] * 9])
    with Bar(4, stream, lambda: next(times)) as progress:
        progress.advance(1, "half")
        progress.extend(4)
        progress.advance(3)
    return stream.getvalue()


def test_the_bar_appears_after_a_second_on_a_terminal_and_is_erased():
    text = bar(True, 2.0)
    assert " 25% half" in text and " 50% " in text
    assert text.endswith("\r") and text.rsplit("\r", 2)[1].strip() == ""


@pytest.mark.parametrize(("terminal", "seconds"), [(True, 0.5), (False, 2.0)])
def test_no_bar_in_the_first_second_or_outside_a_terminal(terminal, seconds):
    assert bar(terminal, seconds) == ""
