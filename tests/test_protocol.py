"""A user's error in a protocol is refused with one sentence that names the key, the value and what is allowed."""

from dataclasses import dataclass

import pytest

from backprop import protocol
from backprop.protocol import UserError, allowed, format_value, like, setting


@dataclass(frozen=True, kw_only=True)
class Protocol(protocol.Protocol):
    epsilon: float = setting(0.1, "Learning rate", "learning rate", low=0.0, stated=("0.1", "caption of Fig. 1"))
    targets: tuple[float, float] = setting((0.0, 1.0), "Targets", "targets", low=-1.0, high=1.0)
    hidden: str = setting("logistic", "Activation", "activation", choices=("logistic", "tanh"))
    bias_range: float | None = setting(None, "Initial biases", "range of the biases", null="as the weights")
    per_case: bool = setting(False, "Per case", "whether weights change after every case")
    keep: tuple[int, ...] = setting((1425,), "Kept", "sweeps that are kept", unit="sweeps", low=0)


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"epsilo": 0.1}, ["unknown key 'epsilo'; did you mean epsilon? Allowed are epsilon, targets"]),
        ({"rate": 0.1}, ["unknown key 'rate'; allowed are epsilon, targets"]),
        ({"epsilon": "1e-3"}, ["epsilon is '1e-3', text; expected a number", "write 1.0e-3"]),
        ({"epsilon": "2E4"}, ["write 2.0e+4"]),
        ({"epsilon": True}, ["epsilon is true; expected a number"]),
        ({"epsilon": None}, ["epsilon is null; expected a number"]),
        ({"epsilon": -0.5}, ["epsilon is -0.5; it must be at least 0"]),
        ({"epsilon": float("nan")}, ["epsilon is nan; it must be a finite number"]),
        ({"epsilon": 10**60}, ["epsilon is 1e+60; it must be at most 9,007,199,254,740,992"]),
        ({"epsilon": 10**5000}, ["epsilon is 10^5000 or more; it must be at most"]),
        ({"targets": [0.1]}, ["targets is [0.1], a list; expected a list of 2 numbers"]),
        ({"targets": ["a", 1]}, ["targets contains 'a', text; expected a number"]),
        ({"targets": [0, 10**400]}, ["targets contains 10^400 or more; it must be at most 1."]),
        ({"hidden": "sigmod"}, ["hidden is 'sigmod'; allowed are logistic, tanh"]),
        ({"hidden": "x" * 5000}, ["hidden is 'xxx", "allowed are logistic, tanh"]),
        ({"hidden": "a\nb\x1b"}, [r"hidden is 'a\nb\x1b'"]),
        ({"per_case": 1}, ["per_case is 1, an integer; expected true or false"]),
        ({"per_case": {"a": {"b": {"c": {"d": 1}}}}}, ["per_case is {a: {b: {c: {...}}}}, a mapping"]),
        ({"keep": [1.5]}, ["keep contains 1.5, a number; expected an integer"]),
        ({"keep": [*range(5000), "a"]}, ["keep contains 'a'"]),
        ({"seeds": -3}, ["seeds is -3; allowed is a count from 1 to 10,000,000"]),
        ({"seeds": 10**20}, ["seeds is 100000000000000000000; allowed is a count from 1 to 10,000,000"]),
        ({"seeds": 0}, ["seeds is 0"]),
        ({"seeds": []}, ["seeds is an empty list"]),
        ({"seeds": [3, -1]}, ["seeds contains -1", "at least 0"]),
        ({"seeds": [3, 3]}, ["a seed twice"]),
        ({"seeds": "many"}, ["seeds is 'many'", "an integer or a list of integers"]),
    ],
)
def test_errors_are_named_on_one_short_line(overrides, words):
    with pytest.raises(UserError) as caught:
        Protocol.from_overrides(overrides, "experiments.symmetry.variants.mine")
    message = str(caught.value)
    assert message.startswith("experiments.symmetry.variants.mine: ")
    assert message.isprintable() and len(message) <= 300
    for word in words:
        assert word in message


def test_a_message_that_is_too_long_keeps_its_beginning_and_its_end():
    @dataclass(frozen=True, kw_only=True)
    class Wordy(protocol.Protocol):
        def __post_init__(self):
            raise UserError(f"keep is {list(range(1000))};\nit must be shorter.")

    with pytest.raises(
        UserError, match=r"^here: keep is \[0, 1, .* \.\.\. .*998, 999\]; it must be shorter\.$"
    ) as caught:
        Wordy.from_overrides({}, "here")
    assert len(str(caught.value)) == 300


def test_lists_become_tuples_and_integers_numbers():
    made = Protocol.from_overrides({"targets": [0, 1], "epsilon": 1, "bias_range": None, "seeds": [5, 2]})
    assert made.targets == (0.0, 1.0)
    assert isinstance(made.epsilon, float)
    assert made.seed_list == (5, 2)


def test_departures_are_what_differs_from_the_source():
    assert Protocol().departures() == {}
    assert Protocol(seeds=7, hidden="tanh").departures() == {"hidden": "tanh"}
    assert Protocol(seeds=3).seed_list == (0, 1, 2)


def test_fresh_seeds_are_none_of_the_protocols_own():
    assert Protocol(seeds=3).fresh_seeds_after(2) == (3, 4)
    assert Protocol(seeds=(5, 2)).fresh_seeds_after(2) == (6, 7)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("epsilon", "0 or more"),
        ("targets", "a list of 2 numbers, each -1 to 1"),
        ("hidden", "logistic, tanh"),
        ("bias_range", "a number or null"),
        ("per_case", "true or false"),
        ("keep", "a list of integers, each 0 or more"),
        ("seeds", "a count, 1 to 10,000,000, or a list of seeds"),
        ("threads", "an integer, 1 to 1,024"),
    ],
)
def test_what_a_field_accepts_is_put_into_words(name, words):
    assert allowed(Protocol, name) == words


def test_a_field_like_another_keeps_its_words_and_range_and_may_change_its_default():
    @dataclass(frozen=True, kw_only=True)
    class Other(protocol.Protocol):
        epsilon: float = like(Protocol, "epsilon", 0.5)
        keep: tuple[int, ...] = like(Protocol, "keep", about="sweeps that are analysed")

    assert Other().epsilon == 0.5
    assert Other.fields()["epsilon"] == Protocol.fields()["epsilon"]
    assert Other().keep == (1425,)
    assert Other.fields()["keep"].about == "sweeps that are analysed"
    with pytest.raises(UserError, match="at least 0"):
        Other(epsilon=-1.0)


def test_the_protocol_table_shows_what_the_source_states():
    values = Protocol.defaults() | {"epsilon": 0.05}
    assert Protocol.table(values) == [
        {"label": "Learning rate", "stated": "0.1", "ours": "0.05", "where": "caption of Fig. 1"}
    ]


def test_values_are_printed_as_tables_need_them():
    """Numbers have separators outside lists only, and lists of lists keep their commas."""
    assert [format_value(value) for value in (60000, 0.3, None, True)] == ["60,000", "0.3", "none", "yes"]
    assert format_value((1425, 60000)) == "1425, 60000"
    assert format_value(((0.0, 1.0), (0.1, 0.9))) == "[0, 1], [0.1, 0.9]"
