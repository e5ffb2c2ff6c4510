"""Thousands of generated configurations: each is accepted, or refused in one short line with the key and the value.

A sample of those that are accepted also runs its jobs.
"""

import hashlib
import math
import warnings

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from backprop import config, datasets
from backprop.results import store
from backprop.stages import analyse, train
from backprop.values import UserError, quoted
from tests import configurations as drawn

ROUNDS, EACH = 80, 10
"""Hypothesis draws faster in lists than one by one."""


def generated(strategy, rounds=ROUNDS, each=EACH):
    """The same `rounds` × `each` examples in every run; a failing one is shown without a search for a smaller one."""
    few = settings(
        max_examples=rounds, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    many = st.lists(strategy, min_size=each, max_size=each)
    return lambda test: few(given(many)(test))


def refusal(content):
    """The message about a configuration, checked to be one short line; empty if it is accepted."""
    try:
        config.check(content)
    except UserError as error:
        message = str(error)
        assert message.isprintable() and 0 < len(message) <= 300, message
        return message
    return ""


def test_configurations_within_the_declarations():
    """Most are accepted; those that are not break a rule between fields."""
    accepted: list[bool] = []

    @generated(drawn.configurations())
    def check(contents):
        for content in contents:
            message = refusal(content)
            accepted.append(not message)
            assert not message or message.startswith(("experiments.", "assignment: ")), message

    check()
    assert len(accepted) >= ROUNDS * EACH
    assert sum(accepted) > len(accepted) / 2


def test_a_message_about_a_bad_value_names_the_key_and_the_value():
    refused: list[bool] = []

    @generated(drawn.with_a_bad_value())
    def check(examples):
        for content, name, value in examples:
            message = refusal(content)
            refused.append(bool(message))
            assert message or all(map(math.isfinite, floats(value))), (name, value)
            if message:
                assert name in message, (message, name, value)
                assert any(shown in message for shown in quotations(value)), (message, name, value)

    check()
    assert sum(refused) > len(refused) / 2


def floats(value):
    """The floats in a value."""
    items = value if isinstance(value, list | tuple | set) else [value]
    return [item for item in items if isinstance(item, float)]


def quotations(value):
    """How a message may show a value: whole, or the item or the key in it that is wrong, or in words if it is empty."""
    yield quoted(value)
    if isinstance(value, list | tuple | set):
        for item in value:
            yield from quotations(item)
    if isinstance(value, dict):
        for key, item in value.items():
            yield from quotations(key)
            yield from quotations(item)
    if value in ([], {}):
        yield "empty"
    if isinstance(value, float | int) and abs(value) < 10**100:
        yield quoted(float(value))
        yield f"{value:g}"


def test_configurations_of_another_structure():
    refused: list[bool] = []

    @generated(drawn.with_another_structure())
    def check(contents):
        refused.extend(bool(refusal(content)) for content in contents)

    check()
    assert sum(refused) > len(refused) / 2


def test_broken_files(tmp_path):
    path, refused = tmp_path / "config.yaml", list[bool]()

    @generated(drawn.broken_files())
    def check(files):
        for content in files:
            path.write_bytes(content)
            try:
                read = config.read(path)
            except UserError as error:
                message = str(error)
                assert message.startswith(str(path)) and message.isprintable()
                assert len(message) <= max(300, len(str(path)) + 200), message
                refused.append(True)
            else:
                refused.append(bool(refusal(read)))

    check()
    assert sum(refused) > len(refused) / 2


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Data sets of 60 images each."""
    home = tmp_path_factory.mktemp("data")
    files = {name: home / f"{name}.safetensors" for name in datasets.NAMES}
    for name, path in files.items():
        datasets.fetch(name, "bundled", path, home)
        few = {key: array[:60] for key, array in store.read_arrays(path).items()}
        sums = {key: hashlib.sha256(array.tobytes()).hexdigest() for key, array in few.items()}
        store.write_arrays(path, few, store.read_about(path) | {"sha256": sums})
    return files


EVERY, SLOWEST = 12, {"equations": 3, "evolution": 8}
"""Accepted configurations of each experiment whose jobs run, 203 in all; fewer where a job takes seconds."""


@pytest.mark.slow
@pytest.mark.parametrize("experiment", sorted(drawn.CLASSES))
def test_the_jobs_of_accepted_configurations_end_without_a_traceback(experiment, data, tmp_path):
    wanted, accepted = SLOWEST.get(experiment, EVERY), list[dict]()
    few = drawn.small(experiment)

    @generated(drawn.overrides(drawn.CLASSES[experiment], least=1, most=20))
    def collect(examples):
        contents = [{"experiments": {experiment: {"common": few | changed}}} for changed in examples]
        accepted.extend(content for content in contents if len(accepted) < wanted and not refusal(content))

    collect()
    assert len(accepted) >= wanted
    sets = {name: data[name] for name in config.data_sets(experiment)}
    for content in accepted[:wanted]:
        protocol = config.check(content)[experiment]["paper"]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # overflow, where a learning rate is absurd
            try:
                train.run(experiment, protocol, "cpu", sets, tmp_path)
            except UserError as error:  # options that torch refuses, and more images than there are
                assert str(error).isprintable() and len(str(error)) <= 300, content
                continue
            analyse.run(experiment, protocol, tmp_path)
