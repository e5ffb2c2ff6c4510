/* The 6-2-1 network of Experiment 1, trained in the reader's browser.

The first part is the experiment: the initial weights that torch draws for a seed, equations (1) to (9) in double
precision, and the measures of the weights. Node can load it, and a test compares it with the Python engine.
The second part is the page: it reads the settings, trains while the reader watches, and draws. Names are the paper's:
x is the total input of a unit, y its output, d its target, E the error. */
"use strict";
{
  const INPUTS = 6, HIDDEN = 2, CASES = 2 ** INPUTS;
  const FAN_IN = INPUTS + 1; // weights of a hidden unit, its bias last
  const OUT = HIDDEN * FAN_IN; // the first weight of the output unit
  const WEIGHTS = OUT + HIDDEN + 1;
  const HALF = INPUTS / 2;

  // The 64 inputs in binary order; a palindrome equals its mirror image.
  const inputs = Array.from({ length: CASES }, (_, c) => c.toString(2).padStart(INPUTS, "0"));
  const mirror = bits => [...bits].reverse().join("");
  const isPalindrome = inputs.map(bits => bits === mirror(bits));

  // ---- Initial weights ----

  /* torch's generator on the CPU: Matsumoto and Nishimura's mt19937, seeded with the low 32 bits of the seed. */
  class Generator {
    constructor(seed) {
      this.state = new Uint32Array(624);
      this.state[0] = seed;
      for (let i = 1; i < 624; i++) {
        const last = this.state[i - 1] ^ (this.state[i - 1] >>> 30);
        this.state[i] = Math.imul(1812433253, last) + i;
      }
      this.next = 624;
    }

    /* 32 random bits. */
    random() {
      const s = this.state;
      if (this.next === 624) {
        for (let i = 0; i < 624; i++) {
          const both = (s[i] & 0x80000000) | (s[(i + 1) % 624] & 0x7fffffff);
          s[i] = s[(i + 397) % 624] ^ (both >>> 1) ^ (both & 1 ? 0x9908b0df : 0);
        }
        this.next = 0;
      }
      let y = s[this.next++];
      y ^= y >>> 11;
      y ^= (y << 7) & 0x9d2c5680;
      y ^= (y << 15) & 0xefc60000;
      return (y ^ (y >>> 18)) >>> 0;
    }

    /* A double, uniform in [-1, 1): torch takes the low 53 of 64 random bits. */
    uniform() {
      const high = this.random() & 0x1fffff, low = this.random();
      return ((high * 2 ** 32 + low) / 2 ** 53) * 2 - 1;
    }
  }

  /* The 17 weights that a seed starts from: two hidden units, then the output unit, each with its bias last.
  `bias_range` null stands for the range of the weights. */
  function initialWeights({ seed, weight_range, bias_range }) {
    const generator = new Generator(seed);
    return Float64Array.from({ length: WEIGHTS }, (_, p) => {
      const isBias = p === WEIGHTS - 1 || (p < OUT && p % FAN_IN === INPUTS);
      return generator.uniform() * (isBias && bias_range !== null ? bias_range : weight_range);
    });
  }

  // ---- Training ----

  /* One network. Its E, outputs and gradient are always those of its present weights. */
  class Network {
    /* Settings are named as in the protocol of Experiment 1: seed, targets, error, weight_range, bias_range, epsilon,
    alpha. */
    constructor(settings) {
      const [low, high] = settings.targets;
      this.settings = settings;
      this.mean = settings.error === "mean"; // of the squares, instead of half their sum
      this.targets = Float64Array.from(isPalindrome, yes => (yes ? high : low));
      this.bound = 0.5 * (high - low); // solved: every output is on its target's side of the middle
      this.weights = initialWeights(settings);
      this.change = new Float64Array(WEIGHTS);
      this.gradient = new Float64Array(WEIGHTS);
      this.outputs = new Float64Array(CASES);
      this.sweep = 0; // sweeps done
      this.solvedAt = null;
      this.pass();
    }

    /* Forward and backward pass through all cases: E, outputs, dE/dw. */
    pass() {
      const { weights: w, gradient: g, outputs, targets } = this;
      const v1 = w[OUT], v2 = w[OUT + 1], bias = w[OUT + 2];
      let squares = 0, correct = 0;
      g.fill(0);
      for (let c = 0; c < CASES; c++) {
        let x1 = w[INPUTS], x2 = w[FAN_IN + INPUTS];
        for (let i = 0; i < INPUTS; i++) {
          if ((c >> (INPUTS - 1 - i)) & 1) {
            x1 += w[i]; // (1)
            x2 += w[FAN_IN + i];
          }
        }
        const y1 = 1 / (1 + Math.exp(-x1)), y2 = 1 / (1 + Math.exp(-x2)); // (2)
        const y = 1 / (1 + Math.exp(-(bias + v1 * y1 + v2 * y2)));
        const deviation = y - targets[c]; // (4)
        outputs[c] = y;
        squares += deviation * deviation;
        if (Math.abs(deviation) < this.bound) correct++;
        const dEdx = deviation * y * (1 - y); // (5)
        const dEdx1 = dEdx * v1 * y1 * (1 - y1), dEdx2 = dEdx * v2 * y2 * (1 - y2); // (7), (5)
        g[OUT] += dEdx * y1; // (6)
        g[OUT + 1] += dEdx * y2;
        g[OUT + 2] += dEdx;
        g[INPUTS] += dEdx1;
        g[FAN_IN + INPUTS] += dEdx2;
        for (let i = 0; i < INPUTS; i++) {
          if ((c >> (INPUTS - 1 - i)) & 1) {
            g[i] += dEdx1;
            g[FAN_IN + i] += dEdx2;
          }
        }
      }
      this.E = this.mean ? squares / CASES : squares / 2; // (3)
      this.correct = correct;
      if (correct === CASES && this.solvedAt === null) this.solvedAt = this.sweep;
    }

    /* One sweep: the weights change once, by equation (9); alpha = 0 makes it equation (8). */
    step() {
      const { weights: w, change, gradient: g } = this;
      const { epsilon, alpha } = this.settings;
      const rate = this.mean ? (epsilon * 2) / CASES : epsilon;
      for (let p = 0; p < WEIGHTS; p++) {
        change[p] = alpha * change[p] - rate * g[p];
        w[p] += change[p];
      }
      this.sweep++;
      this.pass();
    }
  }

  // ---- Measures of the weights ----

  /* All orders of a list. */
  const orders = list => list.length < 2 ? [list]
    : list.flatMap((first, k) => orders([...list.slice(0, k), ...list.slice(k + 1)]).map(rest => [first, ...rest]));

  /* The 96 symmetries of the task, each as the places of the 17 weights: hidden units swapped, mirror pairs in another
  order, the two inputs of a pair swapped. */
  const symmetries = orders([0, 1]).flatMap(units => orders([0, 1, 2]).flatMap(pairs =>
    Array.from({ length: 2 ** HALF }, (_, flips) => {
      const left = pairs.map((pair, k) => ((flips >> k) & 1 ? INPUTS - 1 - pair : pair));
      const places = [...left, ...left.map(i => INPUTS - 1 - i).reverse(), INPUTS];
      const hidden = units.flatMap(unit => places.map(i => unit * FAN_IN + i));
      return [...hidden, ...units.map(unit => OUT + unit), OUT + HIDDEN];
    })));

  /* The distance to other weights, up to the symmetries of the task, as a share of their norm; and the order of the
  weights that is closest. */
  function distanceTo(weights, printed) {
    const norm = Math.hypot(...printed);
    let best = { distance: NaN, order: symmetries[0] }, least = Infinity;
    for (const order of symmetries) {
      let squares = 0;
      for (let p = 0; p < WEIGHTS; p++) squares += (weights[order[p]] - printed[p]) ** 2;
      if (squares < least) {
        least = squares;
        best = { distance: Math.sqrt(squares) / norm, order };
      }
    }
    return best;
  }

  /* The mean magnitudes of the mirror pairs, sorted. */
  function magnitudes(weights) {
    const sizes = [];
    for (let i = 0; i < HALF; i++) {
      let sum = 0;
      for (let unit = 0; unit < HIDDEN; unit++) {
        sum += Math.abs(weights[unit * FAN_IN + i]) + Math.abs(weights[unit * FAN_IN + INPUTS - 1 - i]);
      }
      sizes.push(sum / (2 * HIDDEN));
    }
    return sizes.sort((a, b) => a - b);
  }

  /* The family, such as "1:2:4", to whose ratios both ratios of magnitudes are close; null if there is none. */
  function familyOf(weights, families, tolerance) {
    const [small, middle, large] = magnitudes(weights);
    const near = (ratio, wanted) => Math.abs(ratio / wanted - 1) < tolerance;
    return families.find(name => {
      const [a, b, c] = name.split(":").map(Number);
      return near(middle / small, b / a) && near(large / small, c / a);
    }) ?? null;
  }

  // ---- The page ----

  const format = (value, digits) => value.toFixed(digits).replace(/^-(?=.*[1-9])/, "−").replace(/^-/, "");
  const thousands = value => value.toLocaleString("en");

  /* A new element of a drawing. */
  function add(parent, name, attributes, text = "") {
    const element = document.createElementNS(parent.namespaceURI, name);
    element.textContent = text;
    parent.append(element);
    return set(element, attributes);
  }

  function set(element, attributes) {
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  }

  /* E and the two ratios of magnitudes over sweeps. When there are too many records, every second one is dropped. */
  class History {
    constructor(network) {
      this.every = 1;
      this.records = [];
      this.note(network);
    }

    note(network) {
      if (network.sweep % this.every) return;
      const [small, middle, large] = magnitudes(network.weights);
      this.records.push({ sweep: network.sweep, E: network.E, x: middle / small, y: large / small });
      if (this.records.length > 800) {
        this.every *= 2;
        this.records = this.records.filter(record => record.sweep % this.every === 0);
      }
    }
  }

  /* The weights as in RHW Fig. 1: a row of bars for each hidden unit, each bar above the input that it comes from;
  biases in circles, and the output on top. */
  class Weights {
    constructor(svg) {
      const columns = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5], rows = [2.3, 5.75], sides = [-3.65, 3.65], top = 8.2;
      const X = x => 170 + 40 * x, Y = y => 372 - 40 * y;
      const at = ([x, y]) => `${X(x)},${Y(y)}`;
      const line = (points, name) => add(svg, "polyline", { points: points.map(at).join(" "), class: name });
      const text = (x, y, name, words) => add(svg, "text", { x: X(x), y: Y(y) + 4, class: name }, words);
      const unit = (x, y, radius) => {
        add(svg, "circle", { cx: X(x), cy: Y(y), r: 40 * radius, class: "unit" });
        return text(x, y, "middle");
      };
      line([[0, -0.45], [0, 7.35]], "mirror");
      columns.forEach(x => line([[x, 0], [x, rows[1]]], "hair"));
      this.lines = sides.map((x, unit) => line([[x, rows[unit]], [x, top], [0, top]], "connection"));
      rows.forEach((y, unit) => line([[sides[unit], y], [-sides[unit] * 0.82, y]], "axis"));
      this.inputs = columns.map(x => unit(x, 0, 0.3));
      this.bars = rows.flatMap(y => columns.map(x => ({
        zero: Y(y),
        bar: add(svg, "rect", { x: X(x) - 11, width: 22 }),
        print: add(svg, "rect", { x: X(x) - 13, width: 26, class: "print" }),
        label: text(x, y, "middle value"),
      })));
      this.biases = sides.map((x, row) => unit(x, rows[row], 0.47));
      this.biases.push(unit(0, top, 0.47));
      this.outputs = sides.map(x => text(x / 2 + Math.sign(x) * 0.2, top + 0.32, "middle"));
      text(0, top + 0.78, "middle soft", "output");
    }

    /* `order` says which weight is drawn at which place; `printed` weights, if any, are drawn as outlines. */
    draw(weights, order, printed) {
      const at = p => weights[order[p]], own = order.map((_, p) => p).filter(p => p < OUT && p % FAN_IN < INPUTS);
      const longest = Math.max(1, ...own.map(p => Math.max(Math.abs(at(p)), printed ? Math.abs(printed[p]) : 0)));
      const place = (rect, zero, value) => {
        const height = (42 * Math.abs(value)) / longest || 0;
        set(rect, { y: value > 0 ? zero - height : zero, height });
        return height;
      };
      own.forEach((p, k) => {
        const { bar, print, label, zero } = this.bars[k], value = at(p), target = printed?.[p] ?? 0;
        const beyond = Math.max(place(bar, zero, value), place(print, zero, target) * (value * target > 0));
        set(bar, { class: value > 0 ? "positive" : "negative" });
        set(label, { y: value > 0 ? zero - beyond - 4 : zero + beyond + 11 });
        label.textContent = format(value, 1);
      });
      this.inputs.forEach((text, i) => (text.textContent = order[i] % FAN_IN + 1));
      [INPUTS, FAN_IN + INPUTS, OUT + HIDDEN].forEach((p, k) => (this.biases[k].textContent = format(at(p), 1)));
      this.outputs.forEach((text, unit) => {
        const value = at(OUT + unit);
        text.textContent = format(value, 1);
        const width = 1.2 + 3.5 * Math.min(Math.abs(value) / longest, 1.5) || 1;
        set(this.lines[unit], { "stroke-width": width, class: `connection ${value > 0 ? "positive" : "negative"}` });
      });
    }
  }

  /* E over sweeps on a logarithmic axis, with the paper's sweep and the E of an output that is always off. */
  class Errors {
    constructor(svg, mark) {
      this.mark = mark;
      this.axes = add(svg, "g", {});
      this.curve = add(svg, "polyline", { class: "curve" });
      this.dot = add(svg, "circle", { r: 4, class: "dot" });
    }

    draw(network, history, cap) {
      const { sweep, E } = network, palindromes = 2 ** HALF;
      const off = (palindromes * (2 * network.bound) ** 2) / (network.mean ? CASES : 2);
      let end = 1.12 * this.mark;
      if (sweep > end) for (end = cap; sweep > end; ) end *= 2;
      const seen = history.records.map(record => record.E).concat(E, off / 50).filter(value => value > 0);
      const top = Math.ceil(Math.log10(Math.max(...seen))), bottom = Math.floor(Math.log10(Math.min(...seen)));
      const X = t => 36 + (290 * t) / end;
      const Y = e => 14 + (122 * (top - Math.log10(Math.max(e, 1e-300)))) / (top - bottom);
      const frame = `${end} ${top} ${bottom} ${off}`;
      if (frame !== this.frame) {
        this.frame = frame;
        this.axes.replaceChildren();
        const line = (x1, x2, y1, y2, name) => add(this.axes, "line", { x1, x2, y1, y2, class: name });
        const text = (x, y, name, words) => add(this.axes, "text", { x, y, class: name }, words);
        const power = 10 ** Math.floor(Math.log10(end / 3)), step = power * [5, 2, 1].find(k => end / (k * power) >= 3);
        for (let t = 0; t <= end; t += step) text(X(t), 153, "middle soft", thousands(t));
        for (let k = bottom; k <= top; k++) {
          line(36, 326, Y(10 ** k), Y(10 ** k), "hair");
          text(31, Y(10 ** k) + 4, "end soft", k < 0 ? (10 ** k).toFixed(-k) : thousands(10 ** k));
        }
        const x = X(this.mark), right = x < 160; // the side of the line on which there is room for its label
        line(x, x, 14, 136, "mark");
        text(right ? x + 4 : x - 4, 131, right ? "value" : "value end", `RHW Fig. 1: ${thousands(this.mark)}`);
        line(36, 326, Y(off), Y(off), "level");
        text(190, Y(off) - 4, "middle value soft", "output always off");
        text(326, 168, "end soft", "sweeps");
      }
      const points = history.records.map(record => `${X(record.sweep).toFixed(1)},${Y(record.E).toFixed(1)}`);
      set(this.curve, { points: points.concat(`${X(sweep)},${Y(E)}`).join(" ") });
      set(this.dot, { cx: X(sweep), cy: Y(E) });
    }
  }

  /* The 64 outputs: the left half of an input chooses the row, the mirror image of its right half the column, so that
  the palindromes are the diagonal. */
  class Outputs {
    constructor(svg) {
      const names = inputs.slice(0, 2 ** HALF).map(bits => bits.slice(HALF));
      names.forEach((name, k) => {
        add(svg, "text", { x: 24, y: 46 + 17 * k, class: "end soft" }, name);
        const column = { x: 38.5 + 17 * k, y: 29, class: "soft", transform: `rotate(-90 ${38.5 + 17 * k} 29)` };
        add(svg, "text", { ...column, dy: 4 }, mirror(name));
      });
      this.cells = names.flatMap((left, row) => names.map((name, column) => {
        const x = 30 + 17 * column, y = 33 + 17 * row, right = mirror(name);
        const rect = add(svg, "rect", { x: x + 0.5, y: y + 0.5, width: 16, height: 16, class: "output" });
        const frame = row === column ? "palindrome" : "other";
        add(svg, "rect", { x: x + 1.5, y: y + 1.5, width: 14, height: 14, class: frame });
        const wrong = add(svg, "path", { d: `M${x + 5} ${y + 5}l7 7m0-7l-7 7`, class: "wrong" });
        return { case: parseInt(left + right, 2), rect, wrong };
      }));
    }

    draw(network) {
      for (const { case: c, rect, wrong } of this.cells) {
        set(rect, { "fill-opacity": network.outputs[c].toFixed(3) });
        const right = Math.abs(network.outputs[c] - network.targets[c]) < network.bound;
        set(wrong, { visibility: right ? "hidden" : "visible" });
      }
    }
  }

  /* The ratios of magnitudes, middle to small and large to small, on logarithmic axes, among the families. */
  class Ratios {
    constructor(svg, families) {
      this.X = x => 26 + 66 * Math.log2(Math.min(Math.max(x, 1), 4));
      this.Y = y => 164 - 44 * Math.log2(Math.min(Math.max(y, 1), 8));
      [1, 2, 4].forEach(x => {
        add(svg, "line", { x1: this.X(x), x2: this.X(x), y1: 32, y2: 164, class: "hair" });
        add(svg, "text", { x: this.X(x), y: 178, class: "middle soft" }, x);
      });
      [1, 2, 4, 8].forEach(y => {
        add(svg, "line", { x1: 26, x2: 158, y1: this.Y(y), y2: this.Y(y), class: "hair" });
        add(svg, "text", { x: 20, y: this.Y(y) + 4, class: "end soft" }, y);
      });
      add(svg, "text", { x: 8, y: 20, class: "soft" }, "large : small");
      add(svg, "text", { x: 158, y: 194, class: "end soft" }, "middle : small");
      this.trail = add(svg, "polyline", { class: "trail" });
      families.forEach(name => {
        const [a, b, c] = name.split(":").map(Number);
        add(svg, "circle", { cx: this.X(b / a), cy: this.Y(c / a), r: 8, class: "family" });
        add(svg, "text", { x: this.X(b / a) + 12, y: this.Y(c / a) + 4, class: "value" }, name);
      });
      this.dot = add(svg, "circle", { r: 4, class: "dot" });
    }

    draw(network, history) {
      const [small, middle, large] = magnitudes(network.weights), now = { x: middle / small, y: large / small };
      const finite = [...history.records, now].filter(({ x, y }) => Number.isFinite(x + y));
      const points = finite.map(({ x, y }) => `${this.X(x).toFixed(1)},${this.Y(y).toFixed(1)}`);
      set(this.trail, { points: points.join(" ") });
      if (Number.isFinite(now.x + now.y)) set(this.dot, { cx: this.X(now.x), cy: this.Y(now.y) });
    }
  }

  /* Connects a network with the controls and drawings in `root`; nothing moves before the reader presses a button. */
  function page(root) {
    const experiment = JSON.parse(root.dataset.experiment), { mark, cap, printed, families, tolerance } = experiment;
    const form = root.querySelector("form"), stories = [...root.querySelectorAll("[data-story]")];
    const part = name => root.querySelector(`[data-part="${name}"]`);
    const weights = new Weights(part("weights")), errors = new Errors(part("errors"), mark);
    const outputs = new Outputs(part("outputs")), ratios = new Ratios(part("ratios"), families);
    const calm = matchMedia("(prefers-reduced-motion: reduce)"); // then it draws once a second
    let network, history, playing = false, owed = 0, last = 0, drawn = 0;

    /* Write the state where it is shown and, when `words` says what happened, where it is read aloud. */
    function draw(words) {
      const compared = form.elements.compare.checked, { distance, order } = distanceTo(network.weights, printed);
      const [small, ...larger] = magnitudes(network.weights);
      weights.draw(network.weights, compared ? order : printed.map((_, p) => p), compared ? printed : null);
      errors.draw(network, history, cap);
      outputs.draw(network);
      ratios.draw(network, history);
      const facts = {
        sweep: thousands(network.sweep),
        error: network.E < 0.0995 ? String(Number(network.E.toPrecision(2))) : format(network.E, 2),
        correct: `${network.correct} of ${CASES}`,
        solved: network.solvedAt === null ? "not yet" : `sweep ${thousands(network.solvedAt)}`,
        ratio: ["1", ...larger.map(size => format(size / small, 1))].join(" : "),
        family: familyOf(network.weights, families, tolerance) ?? "none yet",
        distance: Number.isFinite(distance) ? `${Math.round(100 * distance)}%` : "–",
      };
      for (const [name, fact] of Object.entries(facts)) part(name).textContent = fact;
      if (!words) return;
      const { solved, family, distance: away } = facts;
      part("status").textContent = `${words} Solved: ${solved}. Family: ${family}. Distance to the printed weights: ${away}.`;
      const drawings = { weights: "ratio", errors: "error", outputs: "correct", ratios: "family" };
      for (const [name, fact] of Object.entries(drawings)) {
        const drawing = part(name), heading = drawing.previousElementSibling.textContent;
        set(drawing, { "aria-label": `${heading}: ${facts[fact]}` });
      }
    }

    /* One sweep; returns whether training pauses there. */
    function step() {
      network.step();
      history.note(network);
      const { sweep, solvedAt } = network, diverged = !Number.isFinite(network.E);
      const pause = diverged || sweep % cap === 0 || (sweep === mark && solvedAt !== null);
      const event = diverged ? "diverged, because the steps are too long"
        : sweep === mark ? "here the paper shows its network"
        : sweep === solvedAt ? `all ${CASES} outputs are on the right side`
        : pause ? "paused" : "";
      if (event) draw(`Sweep ${thousands(sweep)}: ${event}.`);
      return pause;
    }

    function frame(now) {
      if (!playing) return;
      owed = Math.max(owed + (Math.min(now - last, 100) / 1000) * Number(form.elements.speed.value), 0) || 0;
      last = now;
      const deadline = performance.now() + 12;
      while (owed >= 1 && playing) {
        owed--;
        if (step()) play(false);
        else if (network.sweep % 16 === 0 && performance.now() > deadline) owed = 0;
      }
      if (playing && now - drawn > (calm.matches ? 1000 : 0)) {
        drawn = now;
        draw();
      }
      requestAnimationFrame(frame);
    }

    function play(start) {
      if (playing === start) return;
      playing = start;
      part("play").textContent = start ? "Pause" : "Play";
      if (!start) return;
      last = performance.now();
      owed = 0;
      requestAnimationFrame(frame);
    }

    /* Put a network with the present settings back to sweep 0. */
    function reset() {
      play(false);
      if (!form.reportValidity()) return;
      const value = name => form.elements[name].value;
      network = new Network({
        seed: Number(value("seed")), targets: JSON.parse(value("targets")), error: value("error"),
        weight_range: Number(value("weight_range")), bias_range: JSON.parse(value("bias_range")),
        epsilon: Number(value("epsilon")), alpha: Number(value("alpha")),
      });
      history = new History(network);
      draw(`Seed ${network.settings.seed}, not trained yet.`);
    }

    function load(settings, button = null) {
      for (const [name, value] of Object.entries(settings)) {
        const control = form.elements[name];
        if (control) control.value = typeof value === "string" ? value : JSON.stringify(value);
      }
      for (const other of stories) {
        set(other, { "aria-pressed": other === button });
        document.getElementById(other.getAttribute("aria-describedby")).hidden = other !== button;
      }
      reset();
    }

    for (const button of stories) {
      button.addEventListener("click", () => {
        const { settings, sweeps } = JSON.parse(button.dataset.story);
        const speeds = [...form.elements.speed.options].map(option => option.value);
        load(settings, button);
        form.elements.speed.value = speeds.find(speed => sweeps / speed < 8); // watch the story for 8 seconds at most
        play(true);
      });
    }
    form.addEventListener("submit", event => event.preventDefault());
    form.addEventListener("change", event => {
      if (event.target.name === "compare") draw();
      else if (event.target.name !== "speed") load({});
    });
    part("play").addEventListener("click", () => {
      draw(`Sweep ${thousands(network.sweep)}: ${playing ? "paused" : "training"}.`);
      play(!playing);
    });
    part("step").addEventListener("click", () => {
      play(false);
      if (!step()) draw(`Sweep ${thousands(network.sweep)}.`);
    });
    part("reset").addEventListener("click", reset);
    part("next").addEventListener("click", () => load({ seed: Number(form.elements.seed.value) + 1 }));

    const figure = root.parentElement.querySelector("figure");
    figure?.classList.add("is-live"); // on screen, the live network replaces the picture
    figure?.prepend(root);
    root.hidden = false;
    load(experiment.start);
  }

  if (typeof module === "object") {
    module.exports = { Generator, initialWeights, Network, distanceTo, magnitudes, familyOf };
  } else {
    document.querySelectorAll(".live-network").forEach(page);
  }
}
