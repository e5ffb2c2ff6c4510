"""Lab 000, "a simple MLP classifier": a 784-32-16-10 network learns handwritten digits.

ReLU units, cross-entropy, SGD with momentum. The lab trains one network and prints no accuracy; here several networks
are trained, one per seed. The lab's two questions are answered by measurement: why there is no softmax at the end
(variant `softmax` puts one there), and what `eval()` and `no_grad()` change (variant `dropout` is a network in which
`eval()` matters).

    uv run snakemake --cores all mnist       about half a minute on two cores
"""
