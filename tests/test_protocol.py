"""A user's mistake in a protocol is refused with one sentence that names the key, the value and what is allowed."""

from dataclasses import dataclass

import pytest

from backprop import protocol
from backprop.protocol import UserError, format_value, setting


@dataclass(frozen=True, kw_only=True)
class Protocol(protocol.Protocol):
    epsilon: float = setting(0.1, "Learning rate", "learning rate", low=0.0)
    targets: tuple[float, float] = setting((0.0, 1.0), "Targets", "targets")
    hidden: str = setting("logistic", "Activation", "activation", choices=("logistic", "tanh"))
    bias_range: float | None = setting(None, "Initial biases", "range of the biases")
    per_case: bool = setting(False, "Per case", "whether weights change after every case")
    keep: tuple[int, ...] = setting((1425,), "Kept", "sweeps that are kept")


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"epsilo": 0.1}, ["unknown key 'epsilo'", "allowed are", "epsilon"]),
        ({"epsilon": "1e-3"}, ["epsilon is '1e-3', a string", "a number", "write 1.0e-3"]),
        ({"epsilon": "2E4"}, ["write 2.0e+4"]),
        ({"epsilon": True}, ["epsilon is True", "a number"]),
        ({"epsilon": -0.5}, ["epsilon is -0.5", "at least 0"]),
        ({"epsilon": float("nan")}, ["epsilon is nan", "a finite number"]),
        ({"targets": [0.1]}, ["targets is [0.1]", "a list of 2 numbers"]),
        ({"targets": ["a", 1]}, ["targets is 'a'", "a number"]),
        ({"hidden": "sigmod"}, ["hidden is 'sigmod'", "logistic, tanh"]),
        ({"per_case": 1}, ["per_case is 1", "true or false"]),
        ({"keep": [1.5]}, ["keep is 1.5", "an integer"]),
        ({"seeds": -3}, ["seeds is -3", "a count from 1"]),
        ({"seeds": 0}, ["seeds is 0"]),
        ({"seeds": []}, ["seeds is an empty list"]),
        ({"seeds": [3, -1]}, ["seeds contains -1", "at least 0"]),
        ({"seeds": [3, 3]}, ["a seed twice"]),
        ({"seeds": "many"}, ["seeds is 'many'", "an integer or a list of integers"]),
    ],
)
def test_mistakes_are_named(overrides, words):
    with pytest.raises(UserError) as caught:
        Protocol.from_overrides(overrides, "experiments.symmetry.variants.mine")
    message = str(caught.value)
    assert message.startswith("experiments.symmetry.variants.mine: ")
    assert "\n" not in message
    for word in words:
        assert word in message


def test_lists_become_tuples_and_integers_numbers():
    made = Protocol.from_overrides({"targets": [0, 1], "epsilon": 1, "bias_range": None, "seeds": [5, 2]})
    assert made.targets == (0.0, 1.0)
    assert isinstance(made.epsilon, float)
    assert made.seed_list == (5, 2)


def test_departures_are_what_differs_from_the_source():
    assert Protocol().departures() == {}
    assert Protocol(seeds=7, hidden="tanh").departures() == {"hidden": "tanh"}
    assert Protocol(seeds=3).seed_list == (0, 1, 2)


def test_values_are_printed_as_documentation_needs_them():
    """Numbers have separators outside lists only, and lists of lists keep their commas."""
    assert [format_value(value) for value in (60000, 0.3, None, True)] == ["60,000", "0.3", "none", "yes"]
    assert format_value((1425, 60000)) == "[1425, 60000]"
    assert format_value(((0.0, 1.0), (0.1, 0.9))) == "[[0, 1], [0.1, 0.9]]"
