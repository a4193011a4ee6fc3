"""Trials an hour of a search: ours beside the recipe of Ray's documentation (stock_recipe.py).

    SAE_SEARCH_DATA=DIR python benchmarks/search_throughput.py [--data NAME] [--trials N] [--json FILE]

Two spaces: over settings of the SAE alone, where all trials share one classifier and ours trains it once,
and with the classifier's own settings searched too. In both searches a trial at full budget has the same
epochs of classifier and SAE and two rungs before it, and both maximise a linear probe's accuracy; our trials
compute all other metrics of a rung as well. Each begins with an empty stage cache and runs as many trials at
once as there are CPUs. How many trials are stopped early is the searches' own doing: the epochs that their
SAEs were trained for stand beside the rates (ours begins an SAE anew at every rung).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import stock_recipe
from results import machine, machine_line, say, table, write_json
from stock_recipe import Recipe

from search.ledger.history import History
from search.ledger.ledger import read_history
from trainables.pipeline.fidelity import rung_epochs

ROOT = Path(__file__).parents[1]
RUNGS, REDUCTION_FACTOR = 3, 3
SPACE = """
name: throughput
question: How many trials an hour?
data: {{name: {data}{limit}}}
objectives:
  - {{metric: probe/accuracy, mode: max}}
budget: {{trials: {trials}, seed: 0}}
scheduler: {{name: asha, rungs: {rungs}, reduction_factor: {reduction_factor}}}
resources: {{cpu: 1, gpu: 0}}
trial:
  classifier: {{hidden_size: {hidden}, epochs: {classifier_epochs}}}
  sae:
    kind: {{choice: [relu, topk]}}
    width: {{log_int: [128, 512]}}
    l1: {{log_uniform: [1.0e-2, 1.0e+1]}}
    k: {{log_int: [4, 32]}}
    epochs: {sae_epochs}
  auxiliary: {{activation_l1: {activation_l1}}}
"""


def main(arguments: list[str] | None = None) -> None:
    """Print the table."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--data", default="mnist" if os.environ.get("SAE_SEARCH_DATA") else "digits")
    parser.add_argument("--limit", type=int, help="keep at most so many images of each split")
    parser.add_argument("--trials", type=int, default=16)
    parser.add_argument("--classifier-epochs", type=int, default=9)
    parser.add_argument("--sae-epochs", type=int, default=9)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    facts = machine()
    alone = Recipe(
        options.data,
        options.limit,
        options.trials,
        facts["cores"],
        options.classifier_epochs,
        options.sae_epochs,
        search_classifier=False,
    )
    rows = []
    for name, recipe in (
        ("SAE alone", alone),
        ("classifier and SAE", replace(alone, search_classifier=True)),
    ):
        say(f"{name}: ours ...")
        seconds, epochs = _ours(recipe)
        say(f"{name}: stock ...")
        stock_seconds, stock_epochs = stock_recipe.run(recipe)
        hourly = [3600 * recipe.trials / each for each in (seconds, stock_seconds)]
        rows.append((name, *hourly, hourly[0] / hourly[1], epochs, stock_epochs))
    head = ("space", "ours, trials/h", "stock, trials/h", "ratio", "ours, SAE epochs", "stock, SAE epochs")
    say(f"\n{options.data}, {options.trials} trials, {facts['cores']} at once\n")
    say(table(head, rows))
    say(f"\n{machine_line(facts)}")
    write_json(options.json, sys.argv, facts, [dict(zip(head, row, strict=True)) for row in rows])


def _ours(recipe: Recipe) -> tuple[float, int]:
    """Seconds from the first trial's start to the last one's end, and how many epochs of SAEs were run."""
    searched = recipe.search_classifier
    with tempfile.TemporaryDirectory() as folder:
        space = Path(folder) / "throughput.yaml"
        space.write_text(
            SPACE.format(
                data=recipe.data,
                limit=f", limit: {recipe.limit}" if recipe.limit else "",
                trials=recipe.trials,
                hidden="{choice: [64, 128, 256], default: 128}" if searched else 128,
                activation_l1="{log_uniform: [1.0e-4, 1.0e-1]}" if searched else 0,
                classifier_epochs=recipe.classifier_epochs,
                sae_epochs=recipe.sae_epochs,
                rungs=RUNGS,
                reduction_factor=REDUCTION_FACTOR,
            )
        )
        command = [sys.executable, ROOT / "search" / "run.py", space, "--out", folder, "--name", "ours"]
        environment = {**os.environ, "SAE_SEARCH_CACHE": str(Path(folder) / "cache")}
        subprocess.run(command, env=environment, check=True, capture_output=True, cwd=ROOT)
        history = read_history(Path(folder) / "ours" / "trials.jsonl")
    shares = rung_epochs(recipe.sae_epochs, RUNGS, REDUCTION_FACTOR)
    passed = [report.rung for trial in history.trials.values() for report in trial.reports if report.rung]
    return _span(history), sum(shares[rung - 1] for rung in passed)


def _span(history: History) -> float:
    trials = history.trials.values()
    ends = [trial.ended for trial in trials if trial.ended is not None]
    return max(ends) - min(trial.started for trial in trials)


if __name__ == "__main__":
    main()
