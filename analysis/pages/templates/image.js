// A trial's network and SAE, computed here: images -> hidden -> codes -> logits, and what each latent does.
(() => {
  "use strict";
  const model = JSON.parse(document.getElementById("model").textContent);
  const [rows, columns] = model.shape;
  const size = rows * columns;
  const unpack = (text) => new Float32Array(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
  const steps = model.steps.map((step) => Object.fromEntries(Object.entries(step).map(
    ([key, value]) => [key, typeof value === "string" && key !== "op" ? unpack(value) : value])));
  const sae = Object.fromEntries(Object.entries(model.sae).map(([key, value]) => [key, unpack(value)]));
  const readout = unpack(model.readout);
  const readoutBias = unpack(model.readout_bias);
  const images = model.images.map(unpack);
  const [f, n] = [model.latents, model.classes.length];

  // --- the network: volumes {data, c, h, w}, in double precision as PyTorch's float32 cannot differ by more than its rounding
  const volume = (data, c, h, w) => ({ data, c, h, w });
  const places = (side, padding, kernel, stride) => Math.floor((side + 2 * padding - kernel) / stride) + 1;
  const relu = (x) => (x > 0 ? x : 0);

  // Every pixel that is not 0 adds to the places that it is under. The weights of one place and pixel lie side by side,
  // all channels k of them, from at(c, a, b, place) on: (a, b) is the pixel's place in the kernel.
  const slide = (x, { size: kernel, stride, padding }, channels, weight, at, start, rectify) => {
    const [h, w] = [places(x.h, padding, kernel, stride), places(x.w, padding, kernel, stride)];
    const sums = new Float64Array(h * w * channels);
    for (let place = 0; place < h * w; place++) for (let k = 0; k < channels; k++) sums[place * channels + k] = start(k, place);
    for (let c = 0; c < x.c; c++) for (let r = 0; r < x.h; r++) for (let q = 0; q < x.w; q++) {
      const value = x.data[(c * x.h + r) * x.w + q];
      if (value === 0) continue;
      for (let a = (r + padding) % stride; a < kernel; a += stride) {
        const row = (r + padding - a) / stride;
        if (row < 0 || row >= h) continue;
        for (let b = (q + padding) % stride; b < kernel; b += stride) {
          const column = (q + padding - b) / stride;
          if (column < 0 || column >= w) continue;
          const place = row * w + column;
          const from = at(c, a, b, place);
          for (let k = 0; k < channels; k++) sums[place * channels + k] += weight[from + k] * value;
        }
      }
    }
    const out = new Float64Array(sums.length);
    for (let k = 0; k < channels; k++) for (let place = 0; place < h * w; place++) {
      const sum = sums[place * channels + k];
      out[k * h * w + place] = rectify ? relu(sum) : sum;
    }
    return volume(out, channels, h, w);
  };
  // (blocks, channels, numbers) -> (blocks, numbers, channels), once a step.
  const channelsLast = (step, channels, numbers) => {
    if (step.reordered) return step.reordered;
    const found = new Float64Array(step.weight.length);
    for (let i = 0; i < found.length; i++) {
      const [block, k, at] = [Math.floor(i / (channels * numbers)), Math.floor(i / numbers) % channels, i % numbers];
      found[(block * numbers + at) * channels + k] = step.weight[i];
    }
    step.reordered = found;
    return found;
  };

  const take = {
    ink: (x, { threshold: t }) => volume(x.data.map((v) => relu(v - t) / (1 - t)), x.c, x.h, x.w),
    dense: (x, { weight, bias, relu: rectify }) => {
      const out = Float64Array.from(bias);
      const m = x.data.length;
      for (let k = 0; k < out.length; k++) {
        let sum = out[k];
        for (let i = 0; i < m; i++) if (x.data[i] !== 0) sum += weight[k * m + i] * x.data[i];
        out[k] = rectify ? relu(sum) : sum;
      }
      return volume(out, out.length, 1, 1);
    },
    conv: (x, step) => {
      const { channels, size: kernel } = step;
      const weight = channelsLast(step, channels, x.c * kernel * kernel);
      return slide(x, step, channels, weight, (c, a, b) => ((c * kernel + a) * kernel + b) * channels, (k) => step.bias[k], step.relu);
    },
    local: (x, step) => {
      const { channels, size: kernel } = step;
      const weight = channelsLast(step, channels, kernel * kernel);
      const count = step.bias.length / channels;
      return slide(x, step, channels, weight, (_c, a, b, place) => ((place * kernel + a) * kernel + b) * channels,
        (k, place) => step.bias[k * count + place], true);
    },
    halves: (x) => {
      const [h, w] = [Math.ceil(x.h / 2), Math.ceil(x.w / 2)];
      const out = new Float64Array(2 * x.c * h * w);
      for (let c = 0; c < 2 * x.c; c++) for (let r = 0; r < h; r++) for (let q = 0; q < w; q++) {
        let [sum, count] = [0, 0];
        for (let a = 2 * r; a < Math.min(2 * r + 2, x.h); a++) for (let b = 2 * q; b < Math.min(2 * q + 2, x.w); b++) {
          const value = x.data[((c % x.c) * x.h + a) * x.w + b];
          sum += relu(c < x.c ? value : -value);
          count++;
        }
        out[(c * h + r) * w + q] = sum / count;
      }
      return volume(out, 2 * x.c, h, w);
    },
    pool: (x, { grid, max }) => {
      const out = new Float64Array(x.c * grid * grid);
      const ends = (i, side) => [Math.floor((i * side) / grid), Math.ceil(((i + 1) * side) / grid)];
      for (let c = 0; c < x.c; c++) for (let r = 0; r < grid; r++) for (let q = 0; q < grid; q++) {
        const [[top, bottom], [left, right]] = [ends(r, x.h), ends(q, x.w)];
        let found = max ? -Infinity : 0;
        for (let a = top; a < bottom; a++) for (let b = left; b < right; b++) {
          const value = x.data[(c * x.h + a) * x.w + b];
          found = max ? Math.max(found, value) : found + value / ((bottom - top) * (right - left));
        }
        out[(c * grid + r) * grid + q] = found;
      }
      return volume(out, x.c * grid * grid, 1, 1);
    },
    parts: (x, step) => {
      const [kernel, channels] = [step.size, step.cosine.length];
      const sliding = { size: kernel, stride: step.stride, padding: Math.floor(kernel / 2) };
      const squares = slide(volume(x.data.map((v) => v * v), 1, x.h, x.w), sliding, 1, [1], () => 0, () => 0, false);
      const lengths = squares.data.map((v) => Math.sqrt(v + 1e-12));
      const answers = slide(x, sliding, channels, channelsLast(step, channels, kernel * kernel),
        (_c, a, b) => (a * kernel + b) * channels, (k, place) => -step.cosine[k] * lengths[place], true);
      const regions = [answers.h, answers.w].map((side, i) => places(side, 0, step.pool_size[i], step.pool_step[i]));
      const out = [];
      for (let k = 0; k < answers.c; k++) for (let r = 0; r < regions[0]; r++) for (let q = 0; q < regions[1]; q++) {
        let found = 0;
        for (let a = 0; a < step.pool_size[0]; a++) for (let b = 0; b < step.pool_size[1]; b++) {
          const [row, column] = [r * step.pool_step[0] + a, q * step.pool_step[1] + b];
          found = Math.max(found, answers.data[(k * answers.h + row) * answers.w + column]);
        }
        out.push(step.gain * found);
      }
      return volume(Float64Array.from(out), out.length, 1, 1);
    },
    winners: (x, { k }) => {
      const kept = largest(x.data, k);
      return volume(x.data.map((v, i) => (kept.has(i) ? v : 0)), x.c, x.h, x.w);
    },
  };
  const largest = (values, k) => new Set([...values.keys()].sort((a, b) => values[b] - values[a] || a - b).slice(0, k));
  const hidden = (pixels) => steps.reduce((x, step) => take[step.op](x, step), volume(Float64Array.from(pixels), 1, rows, columns)).data;

  // --- the SAE, folded: u = (h - B) E + c, h^ = z D + B
  const preactivations = (h) => {
    const u = Float64Array.from(sae.encoder_bias);
    for (let i = 0; i < h.length; i++) {
      const value = h[i] - sae.decoder_bias[i];
      for (let j = 0; j < f; j++) u[j] += value * sae.encoder[i * f + j];
    }
    return u;
  };
  const rules = {
    relu: (u) => u.map(relu),
    topk: (u) => { const kept = largest(u, model.rule.k); return u.map((v, j) => (kept.has(j) ? relu(v) : 0)); },
    threshold: (u) => u.map((v, j) => (v > sae.threshold[j] ? relu(v) : 0)),
    gated: (u) => u.map((v, j) => (v > 0 ? relu(sae.gain[j] * v + sae.offset[j]) : 0)),
  };
  const codesOf = (u) => rules[model.rule.name](u);

  // What one unit of latent j adds to each logit, and what stands without any: both through the linear head.
  const d = readout.length / n;
  const adds = Array.from({ length: f }, (_, j) => project(sae.decoder, j * d));
  const without = project(sae.decoder_bias, 0).map((v, c) => v + readoutBias[c]);
  function project(vector, start) {
    return Float64Array.from({ length: n }, (_, c) => {
      let sum = 0;
      for (let i = 0; i < d; i++) sum += readout[c * d + i] * vector[start + i];
      return sum;
    });
  }
  const look = (pixels) => {
    const h = hidden(pixels);
    const u = preactivations(h);
    const z = codesOf(u);
    const logits = project(h, 0).map((v, c) => v + readoutBias[c]);
    const alone = without.map((v, c) => z.reduce((sum, code, j) => (code > 0 ? sum + code * adds[j][c] : sum), v));
    return { u, z, logits, alone };
  };
  const softmax = (logits) => {
    const top = Math.max(...logits);
    const powers = logits.map((v) => Math.exp(v - top));
    const sum = powers.reduce((a, b) => a + b, 0);
    return powers.map((v) => v / sum);
  };
  const argmax = (values) => values.indexOf(Math.max(...values));
  // For tests, and for whoever wants to check.
  window.saeSearch = { images, look: (pixels) => { const { u, z, logits } = look(pixels); return { u: [...u], z: [...z], logits: [...logits] }; } };

  // --- where a latent looks: the fall of its u when a small square is black
  const square = Math.max(1, 2 * Math.floor(Math.min(rows, columns) / 18) + 1);
  const stride = Math.ceil(square / 2);
  const maps = (pixels, latents, u) => {
    const found = new Map(latents.map((j) => [j, new Float64Array(size)]));
    const seen = new Float64Array(size);
    for (let top = 0; top < rows; top += stride) for (let left = 0; left < columns; left += stride) {
      const covered = [];
      for (let r = top; r < Math.min(top + square, rows); r++) for (let c = left; c < Math.min(left + square, columns); c++) covered.push(r * columns + c);
      for (const i of covered) seen[i]++;
      if (!covered.some((i) => pixels[i] > 0.02)) continue;
      const black = Float64Array.from(pixels);
      for (const i of covered) black[i] = 0;
      const now = preactivations(hidden(black));
      for (const [j, map] of found) for (const i of covered) map[i] += relu(u[j] - now[j]);
    }
    for (const map of found.values()) for (let i = 0; i < size; i++) map[i] /= seen[i];
    return found;
  };

  // --- the page
  const $ = (id) => document.getElementById(id);
  const make = (name, attributes = {}, ...children) => {
    const svg = ["svg", "rect", "line"].includes(name);
    const made = svg ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  };
  const paint = (canvas, colour) => {
    [canvas.width, canvas.height] = [columns, rows];
    const context = canvas.getContext("2d");
    const picture = context.createImageData(columns, rows);
    for (let i = 0; i < size; i++) picture.data.set([...colour(i).map((v) => Math.round(255 * Math.min(1, Math.max(0, v)))), 255], 4 * i);
    context.putImageData(picture, 0, 0);
    return canvas;
  };
  // Ink on paper, as on all pages: what is light in the data is dark.
  const inked = (pixels) => (i) => [1 - pixels[i], 1 - pixels[i], 1 - pixels[i]];
  // Ink dimmed, and orange where the map is strong.
  const marked = (pixels, map) => {
    const top = Math.max(...map, 1e-12);
    return (i) => {
      const [paper, heat] = [1 - 0.55 * pixels[i], map[i] / top];
      return [paper, paper * (1 - 0.45 * heat), paper * (1 - heat)];
    };
  };
  const sheet = $("pictures");
  const meanImage = (j) => {
    const canvas = make("canvas", { width: columns, height: rows, role: "img", "aria-label": `mean image of latent ${j}` });
    const wide = Math.min(model.columns, f);
    canvas.getContext("2d").drawImage(sheet, (j % wide) * columns, Math.floor(j / wide) * rows, columns, rows, 0, 0, columns, rows);
    return canvas;
  };
  const number = (value) => (Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2)).replace("-", "−");
  const percent = (share) => `${(100 * share).toFixed(share > 0.1 ? 0 : 1)} %`;

  let pixels = Float64Array.from(images[0] ?? new Float64Array(size));
  let chosen = 0;
  let drawn = 0; // how often the image was changed
  let off = new Set();
  let wanted = null; // the class that was asked for; null follows the answer
  const gallery = $("gallery")?.getAttribute("href");

  const show = () => {
    paint($("pad"), inked(pixels));
    for (const [i, button] of [...$("choices").querySelectorAll("button")].entries()) button.setAttribute("aria-pressed", String(i === chosen));
    const seen = look(pixels);
    const firing = [...seen.z.keys()].filter((j) => seen.z[j] > 0);
    off = new Set([...off].filter((j) => seen.z[j] > 0));
    const now = seen.logits.map((v, c) => [...off].reduce((sum, j) => sum - seen.z[j] * adds[j][c], v));
    answer(seen, now);
    terms(seen, now, firing);
  };

  const answer = (seen, now) => {
    const [whole, alone] = [softmax(now), softmax(seen.alone)];
    const best = argmax(now);
    const before = argmax(seen.logits);
    const cut = [...off].map((j) => `latent ${j}`).join(", ");
    $("said").textContent = `It says ${model.classes[best]} (${percent(whole[best])})` +
      (off.size ? ` without ${cut}; with everything ${model.classes[before]} (${percent(softmax(seen.logits)[before])}).` : ".");
    $("odds").replaceChildren(...model.classes.map((name, c) => make("li", {},
      make("span", {}, name),
      make("svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
        make("rect", { class: "whole", x: 0, y: 1, width: 100 * whole[c], height: 5 }),
        make("rect", { class: "alone", x: 0, y: 7, width: 100 * alone[c], height: 2 })),
      make("span", { class: "figure" }, percent(whole[c])))));
  };

  const bar = (value, reach) => {
    const width = (50 * Math.abs(value)) / reach;
    return make("svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
      make("rect", { class: value >= 0 ? "for" : "against", x: value >= 0 ? 50 : 50 - width, y: 1, width, height: 8 }),
      make("line", { class: "zero", x1: 50, x2: 50, y1: 0, y2: 10 }));
  };

  const terms = (seen, now, firing) => {
    const target = wanted ?? argmax(seen.logits);
    $("class").value = String(target);
    const parts = firing.map((j) => ({ j, adds: seen.z[j] * adds[j][target] })).sort((a, b) => Math.abs(b.adds) - Math.abs(a.adds));
    const rest = seen.logits[target] - seen.alone[target];
    const reach = Math.max(1e-9, ...parts.map((it) => Math.abs(it.adds)), Math.abs(rest), Math.abs(without[target]));
    const plain = (name, value, kind = "") => make("li", { class: kind }, make("span"), make("span"), make("span"),
      make("span", { class: "name" }, name), kind ? make("span") : bar(value, reach), make("span", { class: "figure" }, number(value)));
    $("counted").textContent = `${firing.length} of ${f} latents fire`;
    $("terms").replaceChildren(...parts.map(({ j, adds: value }) => {
      const box = make("input", { type: "checkbox", "aria-label": `latent ${j} on` });
      box.checked = !off.has(j);
      box.addEventListener("change", () => { box.checked ? off.delete(j) : off.add(j); show(); $("terms").querySelector(`[aria-label="latent ${j} on"]`)?.focus(); });
      const name = gallery ? make("a", { href: `${gallery}#f=${j}` }, `latent ${j}`) : `latent ${j}`;
      const map = paint(make("canvas", { role: "img", "aria-label": `where latent ${j} looks`, "data-latent": j }), inked(pixels));
      return make("li", off.has(j) ? { class: "off" } : {}, box, meanImage(j), map,
        make("span", { class: "name" }, name, make("span", { class: "detail" }, `${model.labels[j]}; code ${number(seen.z[j])}`)),
        bar(value, reach), make("span", { class: "figure" }, number(value)));
    }),
    plain("bias: what stands without any latent", without[target]),
    plain("what the SAE leaves out", rest),
    plain(`logit of ${model.classes[target]}${off.size ? ", of the latents that are on" : ""}`, now[target], "total"));
    setTimeout(() => fillMaps(firing, seen.u));
  };
  // After the rest is on screen: maps take many passes of the network. Kept while the image stays.
  let mapped = { pixels: null };
  const fillMaps = (firing, u) => {
    if (mapped.pixels !== pixels || mapped.drawn !== drawn) mapped = { pixels, drawn, found: maps(pixels, firing, u) };
    for (const canvas of $("terms").querySelectorAll("canvas[data-latent]")) {
      const map = mapped.found.get(Number(canvas.dataset.latent));
      if (map) paint(canvas, marked(pixels, map));
    }
    $("terms").dataset.mapped = String(drawn);
  };

  // --- choosing
  $("choices").append(...images.map((image, i) => {
    const button = make("button", { type: "button", "aria-label": `image ${model.image_rows[i]}, ${model.classes[model.image_labels[i]]}` }, paint(make("canvas"), inked(image)));
    button.addEventListener("click", () => { pixels = Float64Array.from(image); chosen = i; drawn++; off.clear(); show(); });
    return make("li", {}, button);
  }));
  $("class").append(...model.classes.map((name, c) => make("option", { value: c }, name)));
  $("class").addEventListener("change", (event) => { wanted = Number(event.target.value); show(); });
  $("all").addEventListener("click", () => { off.clear(); show(); });

  // --- drawing: a soft round brush, two pixels wide on 28 of them
  const changed = () => { drawn++; chosen = -1; wanted = null; off.clear(); };
  const dab = (y, x) => {
    const reach = Math.max(0.8, Math.min(rows, columns) / 20);
    for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) {
      const ink = Math.max(0, Math.min(1, 1.5 - Math.hypot(r + 0.5 - y, c + 0.5 - x) / reach));
      const i = r * columns + c;
      pixels[i] = $("eraser").checked ? Math.min(pixels[i], 1 - ink) : Math.max(pixels[i], ink);
    }
    changed();
  };
  const pad = $("pad");
  let last = null;
  const stroke = (event) => {
    const box = pad.getBoundingClientRect();
    const to = [((event.clientY - box.top) / box.height) * rows, ((event.clientX - box.left) / box.width) * columns];
    const from = last ?? to;
    const pieces = Math.max(1, Math.ceil(2 * Math.hypot(to[0] - from[0], to[1] - from[1])));
    for (let i = 1; i <= pieces; i++) dab(from[0] + ((to[0] - from[0]) * i) / pieces, from[1] + ((to[1] - from[1]) * i) / pieces);
    last = to;
    paint(pad, inked(pixels));
  };
  pad.addEventListener("pointerdown", (event) => { pad.setPointerCapture(event.pointerId); last = null; stroke(event); });
  pad.addEventListener("pointermove", (event) => { if (event.buttons) stroke(event); });
  pad.addEventListener("pointerup", () => { last = null; show(); });
  let cursor = [rows / 2, columns / 2];
  const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  let drawing = false;
  pad.addEventListener("keydown", (event) => {
    if (event.key === " ") drawing = true;
    else if (moves[event.key]) cursor = cursor.map((at, i) => Math.min(Math.max(at + moves[event.key][i], 0.5), [rows, columns][i] - 0.5));
    else return;
    event.preventDefault();
    if (drawing) dab(...cursor);
    paint(pad, (i) => (i === Math.floor(cursor[0]) * columns + Math.floor(cursor[1]) ? [1, 0.55, 0] : inked(pixels)(i)));
  });
  pad.addEventListener("keyup", (event) => { if (event.key === " ") { drawing = false; show(); } });
  pad.addEventListener("blur", () => paint(pad, inked(pixels)));
  $("clear").addEventListener("click", () => { pixels = new Float64Array(size); changed(); show(); });
  $("centre").addEventListener("click", () => {
    let [sum, y, x] = [0, 0, 0];
    pixels.forEach((v, i) => { sum += v; y += v * Math.floor(i / columns); x += v * (i % columns); });
    if (sum === 0) return;
    const [down, across] = [Math.round((rows - 1) / 2 - y / sum), Math.round((columns - 1) / 2 - x / sum)];
    const moved = new Float64Array(size);
    pixels.forEach((v, i) => {
      const [r, c] = [Math.floor(i / columns) + down, (i % columns) + across];
      if (r >= 0 && r < rows && c >= 0 && c < columns) moved[r * columns + c] = v;
    });
    pixels = moved;
    changed();
    show();
  });

  // A data: picture may still be decoding.
  sheet.decode().then(show);
})();
