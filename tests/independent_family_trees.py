"""The late-decay networks computed a second time: plain numpy in double precision, cases from names, own measures.

Nothing of `backprop` computes here; only the initial weights and the cases held out are given, because they are drawn.

    PYTHONPATH=src:. python tests/independent_family_trees.py results/family_trees/late_decay [networks]

measures the stored weights anew, and trains the first networks of that variant anew.
"""

import sys

import numpy as np

COUPLES = {
    "English": "Christopher+Penelope Andrew+Christine Arthur+Margaret James+Victoria Charles+Jennifer",
    "Italian": "Roberto+Maria Pierro+Francesca Emilio+Gina Marco+Lucia Tomaso+Angela",
}
CHILDREN = {
    "Arthur": "Christopher", "Victoria": "Christopher", "James": "Andrew", "Jennifer": "Andrew", "Colin": "James",
    "Charlotte": "James", "Emilio": "Roberto", "Lucia": "Roberto", "Marco": "Pierro", "Angela": "Pierro",
    "Alfonso": "Marco", "Sophia": "Marco",
}  # fmt: skip
"""Each child's father."""
NAMES = (
    "Christopher Andrew Arthur James Charles Colin Penelope Christine Victoria Jennifer Margaret Charlotte "
    "Roberto Pierro Emilio Marco Tomaso Alfonso Maria Francesca Lucia Angela Gina Sophia"
).split()
RELATIONS = "father mother husband wife son daughter uncle aunt brother sister nephew niece".split()


def kinship():
    """Every (person, relation) with an answer, in the order of persons and relations, and the answers."""
    men = {name for k, name in enumerate(NAMES) if k % 12 < 6}
    wife = dict(couple.split("+") for text in COUPLES.values() for couple in text.split())
    spouse = wife | {b: a for a, b in wife.items()}
    parents = {child: {father, wife[father]} for child, father in CHILDREN.items()}

    def siblings(x):
        return {y for y in parents if y != x and parents.get(x) == parents[y]}

    def with_spouses(people):
        return people | {spouse[x] for x in people if x in spouse}

    answers = {}
    for x in NAMES:
        elders = with_spouses({s for parent in parents.get(x, ()) for s in siblings(parent)})
        young = {c for c, own in parents.items() for s in siblings(x) | siblings(spouse.get(x, "")) if s in own}
        children = {c for c, own in parents.items() if x in own}
        married = {spouse[x]} if x in spouse else set()
        groups = (parents.get(x, set()), married, children, elders, siblings(x), young)
        for k, group in enumerate(groups):
            answers[x, RELATIONS[2 * k]] = group & men
            answers[x, RELATIONS[2 * k + 1]] = group - men
    return {case: group for case, group in answers.items() if group}


def layers_of(weights):
    """The four layers' weights [networks, units, fan_in + 1] out of [networks, all weights], and which exist."""
    layers, start = [], 0
    for below, units in ((36, 12), (12, 12), (12, 6), (6, 24)):
        stop = start + units * (below + 1)
        layers.append(weights[:, start:stop].reshape(len(weights), units, below + 1).astype(float))
        start = stop
    exists = np.ones((12, 37))
    exists[:6, 24:36] = exists[6:, :24] = 0
    return layers, exists


def examples():
    """Inputs [104, 36] and targets [104, 24]."""
    cases = kinship()
    inputs, targets = np.zeros((len(cases), 36)), np.zeros((len(cases), 24))
    for row, ((person, relation), answers) in enumerate(cases.items()):
        inputs[row, [NAMES.index(person), 24 + RELATIONS.index(relation)]] = 1
        targets[row, [NAMES.index(answer) for answer in answers]] = 1
    return inputs, targets


def forward(layers, inputs):
    """The activity of every layer, [networks, cases, units]."""
    ys = [np.broadcast_to(inputs, (len(layers[0]), *inputs.shape))]
    for w in layers:
        ys.append(1 / (1 + np.exp(-(ys[-1] @ w[:, :, :-1].transpose(0, 2, 1) + w[:, None, :, -1]))))
    return ys


def trained(initial, held, sweeps, decay_from, decay=0.002):
    """The weights at the end, all of them in one row per network, from `initial` [networks, all weights]."""
    layers, exists = layers_of(initial)
    layers[0] *= exists
    changes = [np.zeros_like(w) for w in layers]
    inputs, targets = examples()
    learned = np.ones((len(initial), len(inputs), 1))
    for row, cases in enumerate(held):
        learned[row, cases] = 0
    for sweep in range(sweeps):
        epsilon, alpha = (0.005, 0.5) if sweep < 20 else (0.01, 0.9)
        ys = forward(layers, inputs)
        error = (ys[-1] - targets) * learned
        error[np.abs(error) <= 0.2] = 0
        gradients = [np.empty(0)] * 4
        for k in (3, 2, 1, 0):
            delta = error * ys[k + 1] * (1 - ys[k + 1])
            gradients[k] = np.concatenate([delta.transpose(0, 2, 1) @ ys[k], delta.sum(1)[:, :, None]], axis=2)
            error = delta @ layers[k][:, :, :-1]
        gradients[0] *= exists
        for w, change, gradient in zip(layers, changes, gradients, strict=True):
            change *= alpha
            change -= epsilon * gradient
            w += change
            if sweep >= decay_from:
                w[:, :, :-1] *= 1 - decay
    return np.concatenate([w.reshape(len(w), -1) for w in layers], axis=1)


def measured(weights, held):
    """Of each network: whether all its cases are right, how many held out are, and what its units encode."""
    layers, _ = layers_of(weights)
    inputs, targets = examples()
    right = ((forward(layers, inputs)[-1] > 0.5) == (targets > 0.5)).all(axis=2)
    features = {
        "nationality": [1] * 12 + [-1] * 12,
        "generation": [1, 1, 2, 2, 2, 3] * 4,
        "branch": [1, -1, 1, -1, -1, 0, 1, -1, 1, -1, 1, 0] * 2,
    }
    rows = []
    for own, out, w in zip(right, held, layers[0], strict=True):
        taught = np.delete(own, out)
        units = w[:6, :24]
        row = {"complete": taught.all(), "unseen": own[out].sum()}
        for name, feature in features.items():
            row[name] = max(abs(np.corrcoef(unit, feature)[0, 1]) for unit in units)
        row["twins"] = np.median([np.corrcoef(unit[:12], unit[12:])[0, 1] for unit in units])
        rows.append(row)
    return rows


def summary(rows):
    """One line: how many networks are complete, and the medians over these."""
    done = [row for row in rows if row["complete"]]
    text = f"{len(done)} of {len(rows)} learned all their cases"
    if done:
        text += f"; {np.mean([row['unseen'] for row in done]):.2f} held out right"
        text += f", all in {sum(row['unseen'] == 4 for row in done)}; medians"
        for name in ("nationality", "generation", "branch", "twins"):
            text += f" {name} {np.median([row[name] for row in done]):.3f}"
    return text


def main(folder, count):
    """Print both summaries."""
    from safetensors.numpy import load_file

    from backprop.engine.networks import flatten, initial_weights
    from backprop.experiments.family_trees.network import ARCHITECTURE

    stored = load_file(f"{folder}/trained.safetensors")
    print("stored weights:   ", summary(measured(stored["weights"], stored["held"])))
    seeds = stored["seeds"][:count].tolist()
    initial = flatten(initial_weights(ARCHITECTURE, seeds, 1.0)).t().numpy()
    anew = trained(initial, stored["held"][:count], 30_000, 10_000)
    print("the same networks:", summary(measured(stored["weights"][:count], stored["held"][:count])))
    print("trained anew:     ", summary(measured(anew, stored["held"][:count])))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 40)
