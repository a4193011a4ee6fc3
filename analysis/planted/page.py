"""docs/metric_truth.md: which recipes find the planted parts, and which metrics say so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean, pstdev

from analysis.planted.correlation import TruthCorrelation, correlation
from analysis.planted.measure import Sample
from trainables.metrics.catalog import METRICS

# A metric whose rank correlation with the truth is below this is a proxy: not to be maximised without a word.
PROXY_BELOW = 0.5
PROXY = "proxy"


def correlations(samples: Sequence[Sample], of: str = "skill") -> dict[str, TruthCorrelation]:
    """Every metric with a direction that all samples have -> its correlation with the truth's figure `of`."""
    truth = {(s.recipe, s.seed): float(getattr(s.truth, of)) for s in samples}
    found = {}
    for name, info in METRICS.items():
        if info.mode is not None and all(name in s.metrics for s in samples):
            values = {(s.recipe, s.seed): s.metrics[name] for s in samples}
            found[name] = correlation(values, truth, info.mode)
    return found


def page(samples: Sequence[Sample], command: str, data: str) -> str:
    """The whole page as Markdown."""
    seeds = len({s.seed for s in samples})
    return f"""# Which metrics know the truth

Made by `{command}`; do not edit. Data: {data}. {len({s.recipe for s in samples})} recipes, {seeds} seeds,
each with images of its own, scored on val. What is measured: `trainables/metrics/planted_truth.py`.

## Which recipe finds the planted parts

Mean over seeds, s.d. in brackets. matched F1: of every part with the one latent that the best one-to-one
assignment gives it; chance: of codes as sparse that know nothing; above it: 1 is perfect; found: parts that
some latent finds at F1 >= .5; unique: parts found over latents that find one.

{recipe_table(samples)}

## Which metric says so

Spearman's rank correlation over recipes with matched F1 above its chance, (F1 - chance) / (1 - chance), since
codes that know nothing match the better the denser they are. Mean over seeds, signed so that a useful metric
is positive; the interval (95 %) is over recipes. `F1` and `unique` are the same correlation with the plain
matched F1 and with uniqueness. A metric below {PROXY_BELOW} is labelled {PROXY}: it may say much, but not
that the parts were found; so is one that did not vary. Metrics of a confirmation alone are not among them.

{metric_table(samples)}
"""


def recipe_table(samples: Sequence[Sample]) -> str:
    """The recipes as a Markdown table, the best first."""
    lines = [
        "| recipe | matched F1 | chance | above it | found | unique | L0 | accuracy |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    by_recipe: dict[str, list[Sample]] = {}
    for sample in samples:
        by_recipe.setdefault(sample.recipe, []).append(sample)
    for recipe, own in sorted(by_recipe.items(), key=lambda pair: -fmean(s.truth.skill for s in pair[1])):
        spread = pstdev([s.truth.matched_f1 for s in own]) * (len(own) / max(1, len(own) - 1)) ** 0.5
        cells = [
            f"{_f1(own):.3f} ({spread:.3f})",
            *(
                f"{fmean(getattr(s.truth, name) for s in own):.2f}"
                for name in ("null", "skill", "coverage", "uniqueness")
            ),
            _mean_metric(own, "sae/l0", ".1f"),
            _mean_metric(own, "classifier/accuracy", ".3f"),
        ]
        lines.append(f"| {recipe} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def metric_table(samples: Sequence[Sample]) -> str:
    """Strongest correlation first; what did not vary last."""
    found = correlations(samples)
    others = [correlations(samples, of) for of in ("matched_f1", "uniqueness")]
    lines = [
        "| metric | better | rho | interval | F1 | unique | label |",
        "|---|---|---:|---:|---:|---:|---|",
    ]
    for name in sorted(found, key=lambda name: _descending(found[name].rho)):
        own = found[name]
        known = own.rho == own.rho
        cells = [f"{own.rho:.2f}", f"{own.low:.2f} to {own.high:.2f}"] if known else ["", "did not vary"]
        rhos = [other[name].rho for other in others]
        cells += [*(f"{rho:.2f}" if rho == rho else "" for rho in rhos), "" if is_trusted(own) else PROXY]
        lines.append(f"| {name} | {METRICS[name].mode} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def is_trusted(found: TruthCorrelation) -> bool:
    """Whether a metric may be called more than a proxy."""
    return found.rho >= PROXY_BELOW


def proxies_in(text: str) -> dict[str, bool]:
    """Metric -> whether the page labels it a proxy, read back from the page."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
    return {row[0]: row[-1] == PROXY for row in rows if len(row) == 7 and row[0] in METRICS}


def _f1(samples: Sequence[Sample]) -> float:
    return fmean(s.truth.matched_f1 for s in samples)


def _mean_metric(samples: Sequence[Sample], name: str, form: str) -> str:
    values = [s.metrics[name] for s in samples if name in s.metrics]
    return format(fmean(values), form) if values else ""


def _descending(rho: float) -> float:
    return -rho if rho == rho else float("inf")


def described(settings: Mapping[str, object]) -> str:
    """The data's settings in a line."""
    return ", ".join(f"{name} {value}" for name, value in settings.items()) or "defaults"
