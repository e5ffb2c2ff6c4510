"""What the text says about the family trees, and the verdicts F2 to F17."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from backprop.evidence.claims import Claim
from backprop.evidence.formatting import fixed, interval, percent, thousands
from backprop.evidence.statistics import mean_interval
from backprop.evidence.verdicts import by_share, share, told
from backprop.experiments.family_trees import people
from backprop.experiments.family_trees.analyse import answers_first, encoding
from backprop.experiments.family_trees.figure_4 import WEIGHTS
from backprop.experiments.family_trees.protocol import WHERE
from backprop.protocol import UserError
from backprop.results.variant import Run

SEARCH, NO_DECAY = "search", "no_decay"
"""The variants that look for a setting with which the network learns, with the paper's decay and without any."""

FEATURE_RULE = "The share rule over networks that learned all their cases: a unit correlates at least as in Figure 4."
SHOWN = "Colin aunt"
"""The case of Figure 3."""

TWINS = 0.9
"""A correlation that counts as very similar."""


def values(runs: Mapping[str, Run]) -> dict[str, Any]:
    """The stated protocol beside the setting that learns, the search, and Figure 4 under the same measures."""
    for name in (SEARCH, NO_DECAY):
        if name not in runs:
            raise UserError(f"family_trees: the report needs the variant '{name}', see config/config.yaml.")
    printed = {name: float(found[0]) for name, found in encoding(WEIGHTS[None]).items()}
    return {
        "protocol": _protocol(runs["paper"].protocol),
        "cases": len(people.CASES),
        "triples": sum(len(case.answers) for case in people.CASES),
        "double": sum(len(case.answers) > 1 for case in people.CASES),
        "held_out": runs["paper"].protocol["held_out"],
        "printed": printed,
        "shown": SHOWN,
        "variants": {name: _variant(run, printed) for name, run in runs.items()},
        "search": _search(runs[SEARCH]),
        "no_decay": _search(runs[NO_DECAY]),
    }


def claims(runs: Mapping[str, Run], values: Mapping[str, Any]) -> list[Claim]:
    """Claims F2, F4, F5, F9 and F12 to F17."""
    stated, found, printed = values["variants"]["paper"], values["variants"][SEARCH], values["printed"]
    setting = _told_setting(values["search"]["chosen"])
    weights, biases = found["weights"], found["biases"]
    unseen = values["held_out"]
    return [
        Claim(
            "F2", "paper, p. 535", "The two trees give 104 cases", "104",
            f"{values['cases']} pairs of person and relation, {values['triples']} triples, since "
            f"{values['double']} have two answers",
            "reproduced" if values["cases"] == 104 else "not reproduced", "Reproduced if the count is the same.",
        ),
        Claim(
            "F4", "paper, Figures 3 and 4", "Five layers: 24 + 12, 6 + 6, 12, 6, 24 units", "576 weights, 54 biases",
            f"{weights} weights, {biases} biases",
            "reproduced" if (weights, biases) == (576, 54) else "not reproduced", "Reproduced if the counts agree.",
        ),
        Claim(
            "F5", "paper, p. 535", "1,500 sweeps with the stated rates, momenta and decay are enough", "1,500 sweeps",
            f"as stated, from ±{stated['weight_range']:g}: {told(stated['all_learned'])} learn all their cases, "
            f"{percent(stated['learned'], 1)} of the cases are right; {setting}: {told(found['all_learned'])}, "
            f"{percent(found['learned'], 1)}",
            by_share(stated["all_learned"]), "The share rule, over networks with the stated protocol.",
        ),
        Claim(
            "F9", "paper, p. 535", f"The {unseen} cases kept out are right as well", f"{unseen} of {unseen}",
            f"as stated: none; {setting}: all {unseen} in {told(found['all_unseen'])} of the networks that learned "
            f"theirs, {_told_median(found['unseen_mean'])} on average"
            if not stated["all_learned"]["count"] else
            f"as stated: {told(stated['all_unseen'])}; {setting}: {told(found['all_unseen'])}",
            by_share(found["all_unseen"]),
            "The share rule, over networks that learned all their cases, each with its own four kept out, with the "
            "setting that learns.",
        ),
        *(
            Claim(
                id_, "paper, p. 535 and Figure 4", f"One unit for persons encodes {feature}",
                f"correlation {fixed(printed[feature], 2)}",
                f"{setting}: highest correlation of a unit {_told_median(found['features'][feature]['median'])} in "
                f"the median; at least the paper's in {told(found['features'][feature]['as_printed'])}",
                by_share(found["features"][feature]["as_printed"]), FEATURE_RULE,
            )
            for id_, feature in (("F12", "nationality"), ("F13", "generation"), ("F14", "branch"))
        ),
        Claim(
            "F15", "paper, p. 535", "An English person is represented very similarly to the Italian twin",
            f"median correlation of the six units {fixed(printed['twins'], 2)}",
            f"{setting}: {_told_median(found['twins']['median'])} in the median; above {TWINS:g} in "
            f"{told(found['twins']['similar'])}",
            by_share(found["twins"]["similar"]),
            f"The share rule over networks that learned all their cases: the correlation is above {TWINS:g}.",
        ),
        Claim(
            "F16", "paper, Figure 3", f"{values['shown'].replace(' ', ' has ')}: the two right answers stand out",
            "Jennifer and Margaret", f"{setting}: the two highest outputs in {told(found['shown'])}",
            by_share(found["shown"]), "The share rule over networks that learned all their cases.",
        ),
        Claim(
            "F17", "paper, Figure 4", "With decay, the size of a weight shows how useful it is", "stated",
            f"{setting}: rank correlation of |w| with the growth of E without w {_told_mean(found['usefulness'])}",
            "not judged" if found["usefulness"]["low"] is None else
            "reproduced" if found["usefulness"]["low"] > 0.5 else
            "partly" if found["usefulness"]["low"] > 0 else "not reproduced",
            "Reproduced if the interval of the mean over networks lies above one half, partly if above zero.",
        ),
    ]  # fmt: skip


def _protocol(ours: Mapping[str, Any]) -> list[dict[str, str]]:
    words = {
        "held_out": f"{len(people.CASES) - ours['held_out']} of {len(people.CASES)}, drawn anew for each network",
        "sweeps": thousands(ours["sweeps"]),
        "epsilons": f"{ours['epsilons'][0]:g} for {ours['first_sweeps']} sweeps, then {ours['epsilons'][1]:g}",
        "alphas": f"{ours['alphas'][0]:g} for {ours['first_sweeps']} sweeps, then {ours['alphas'][1]:g}",
        "decays": f"{percent(ours['decays'][0], 1)} after each sweep, biases too",
        "margin": f"no error within {ours['margin']:g} of targets 0 and 1",
        "weight_ranges": f"±{ours['weight_ranges'][0]:g}",
    }
    names = {
        "held_out": "Cases learned", "sweeps": "Sweeps", "epsilons": "Learning rate ε", "alphas": "Momentum α",
        "decays": "Decay", "margin": "Margin", "weight_ranges": "Initial weights",
    }  # fmt: skip
    return [
        {"name": names[key], "paper": stated, "ours": words[key], "where": where}
        for key, (stated, where) in WHERE.items()
    ]


def _variant(run: Run, printed: Mapping[str, float]) -> dict[str, Any]:
    table, arrays = run.table, run.arrays
    weights, biases = map(int, arrays["counts"])
    setting = arrays["settings"][arrays["chosen"].item()]
    done = (table.learned == 1).to_numpy()
    learned = table[done]
    unseen = run.protocol["held_out"]
    shown = [str(case) for case in people.CASES].index(SHOWN)
    return {
        "networks": len(table),
        "cap": run.protocol["sweeps"],
        "weight_range": float(setting[0]),
        "weights": weights,
        "biases": biases,
        "learned": float(table.learned.mean()),
        "all_learned": share(done),
        "error": float(table.error.median()),
        "unseen": [share(learned.unseen_right == k) for k in range(unseen + 1)],
        "unseen_mean": float(learned.unseen_right.mean()) if len(learned) else None,
        "first_mean": float(learned.unseen_first.mean()) if len(learned) else None,
        "all_unseen": share(learned.unseen_right == unseen),
        "features": {
            name: {
                "median": float(learned[name].median()) if len(learned) else None,
                "as_printed": share(learned[name] >= printed[name]),
            }
            for name in people.FEATURES
        },
        "twins": {
            "median": float(learned.twins.median()) if len(learned) else None,
            "similar": share(learned.twins > TWINS),
        },
        "shown": share(answers_first(arrays["outputs"])[done, shown]),
        "usefulness": mean_interval(table.usefulness, -1, 1),
        "example": _example(table),
    }


def _example(table: pd.DataFrame) -> int | None:
    """The row of the network to show: the one with the median error among those that learned most."""
    best = table[table.learned == table.learned.max()].sort_values("error")
    return int(best.index[len(best) // 2]) if len(best) else None


def _search(run: Run) -> dict[str, Any]:
    rows = [
        {"weight_range": float(w), "scale": float(s), "decay": float(d), "learned": float(rate)}
        for (w, s, d), rate in zip(run.arrays["settings"], run.arrays["learned"], strict=True)
    ]
    return {"rows": rows, "seeds": run.protocol["search_seeds"], "chosen": rows[run.arrays["chosen"].item()]}


def _told_mean(found: Mapping[str, float | None]) -> str:
    if found["low"] is None:
        return "not known"
    return f"{fixed(found['mean'], 2)} ({interval([found['low'], found['high']], 'fixed', 2)})"


def _told_median(value: float | None) -> str:
    return "not known" if value is None else fixed(value, 2)


def _told_setting(chosen: Mapping[str, float]) -> str:
    return f"from ±{chosen['weight_range']:g} and with {chosen['scale']:g} times the rates"
