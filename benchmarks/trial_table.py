"""A table of real trials: every configuration of a small grid, at every rung, with the seconds of its stages.

    python benchmarks/trial_table.py --out recorded/digits_table.json

Trials run as in a search, one thread, with a stage cache in a folder of its own. The seconds of a classifier
are those of its first training; trials that find it in the cache take next to none. What was recorded is kept
when it is broken off, and gone on with.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from replay import key_of
from results import machine, say

from search.execution.recorded_session import plan_of
from search.run_dir.inputs import load_data
from search.space.loader import load_text
from search.study.domains import Choice, Scalar
from search.study.study import Study

SPACE = """
name: table
question: Which engine finds good pipelines soonest?
objectives:
  - {metric: latents/readable, mode: max}
  - {metric: probe/accuracy, mode: max}
constraints: [{metric: sae/rare_fraction, max: 0.25}]
scheduler: {rungs: 3, reduction_factor: 3}
trial:
  classifier: {front_end: {choice: [none, conv]}, hidden_size: {choice: [32, 128]}, epochs: 60}
  basis: {kind: {choice: [raw, whitened_pca]}}
  sae: {kind: topk, width: {choice: [64, 256]}, k: {choice: [3, 6, 12]}}
  auxiliary: {junk_penalty: {choice: [0.0, 0.1]}}
"""
KEPT = ("latents/readable", "probe/accuracy", "sae/rare_fraction")


def combinations(study: Study) -> list[dict[str, Scalar]]:
    """Every draw of a space of choices without conditions."""
    options = []
    for parameter in study.parameters:
        assert isinstance(parameter.domain, Choice)
        options.append([(parameter.path, option) for option in parameter.domain.options])
    return [dict(draw) for draw in itertools.product(*options)]


def trial(study: Study, params: dict[str, Scalar], data: Any, cache: Any) -> list[dict[str, Any]]:
    """Of each rung: the seconds of classifier and of all else, and the metrics."""
    from trainables.pipeline.pipeline import Pipeline

    pipeline = Pipeline(study.trial_config(params), data, plan_of(study), cache=cache, device="cpu")
    rungs, classifier = [], 0.0
    while not pipeline.done:
        started = time.perf_counter()
        step = pipeline.step()
        took = time.perf_counter() - started
        if step.rung is None:
            classifier += took
            continue
        metrics = {name: step.metrics[name] for name in KEPT if name in step.metrics}
        rungs.append({"classifier_s": classifier, "features_s": took, "metrics": metrics})
        classifier = 0.0
    return rungs


def main() -> None:
    """Record what the table lacks."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=60.0, help="stop after so long")
    options = parser.parse_args()
    import torch

    from trainables.data.dataset import to_tensors
    from trainables.stages.cache import StageCache

    torch.set_num_threads(1)
    study = load_text(SPACE, "table").study
    data = to_tensors(load_data(study.data), torch.device("cpu"))
    table = json.loads(options.out.read_text()) if options.out.exists() else {"trials": {}}
    until = time.monotonic() + 60 * options.minutes
    with tempfile.TemporaryDirectory() as folder:
        cache = StageCache(Path(folder), 2**31)
        for params in sorted(combinations(study), key=key_of):
            key = key_of(params)
            if key in table["trials"]:
                continue
            if time.monotonic() > until:
                break
            table["trials"][key] = trial(study, params, data, cache)
            if len(table["trials"]) % 10 == 0:
                options.out.write_text(json.dumps(table))
    table |= {"space": SPACE, "machine": machine(), "command": sys.argv}
    options.out.write_text(json.dumps(table, indent=None, separators=(",", ":")) + "\n")
    say(f"{len(table['trials'])} of {len(combinations(study))} configurations")


if __name__ == "__main__":
    main()
