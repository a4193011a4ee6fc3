"""docs/metric_truth.md: which recipe finds planted parts, and which metrics go along with that.

python analysis/truth.py --seeds 3
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import yaml

from analysis.cli.quoted_command import without_places
from analysis.load import load_run
from analysis.planted.measure import Sample, train_and_measure, truth_of
from analysis.planted.page import described, page
from analysis.planted.recipes import RECIPES, Recipe, read_recipes, trial_of
from search.cli.exit_code import exit_code_of
from search.cli.parser import parser_of
from search.disk import write_bytes
from search.errors import SpaceError
from search.run_dir.inputs import load_data
from search.study.sections import DataSource
from trainables.settings.planted import PlantedConfig
from trainables.stages.cache import StageCache

EXAMPLES = """\
examples:
  python analysis/truth.py                                       every built-in recipe, 3 seeds
  python analysis/truth.py --set depth=3 --set correlation=0.5   harder images
  python analysis/truth.py --recipes mine.yaml --out mine.md     own recipes, as `wide: {sae: {width: 256}}`
  python analysis/truth.py runs/planted --out truth.md           the finished trials of a run on planted data

exit codes: 0 done   2 usage   6 no such run   7 data missing   8 disk
"""


def main(arguments: list[str] | None = None) -> int:
    """Write the page and print its path; exit code as `search.errors` has it."""
    options = _parser().parse_args(arguments)
    given = sys.argv[1:] if arguments is None else arguments
    return exit_code_of(lambda: _write(options, f"python analysis/truth.py {without_places(given)}".strip()))


def _write(options: argparse.Namespace, command: str) -> None:
    torch.set_num_threads(options.threads)
    if options.run is not None:
        samples, data = _of_run(options.run)
    else:
        settings = _settings(options.set)
        recipes = RECIPES if options.recipes is None else read_recipes(options.recipes)
        cache = StageCache(options.cache) if options.cache else None
        samples = _of_recipes(recipes, settings, options.seeds, cache)
        data = f"planted ({described(settings)})"
    write_bytes(options.out, page(samples, command, data).encode())
    sys.stdout.write(f"{options.out}\n")


def _of_recipes(
    recipes: Mapping[str, Recipe], settings: Mapping[str, Any], seeds: int, cache: StageCache | None
) -> list[Sample]:
    samples = []
    for seed in range(seeds):
        # Whether the settings are right is told by who draws the images.
        source = DataSource.of(PlantedConfig).model_construct(name="planted", **{**settings, "seed": seed})
        dataset = load_data(source)
        for name, recipe in recipes.items():
            samples.append(train_and_measure(name, trial_of(recipe, seed), dataset, cache))
            found = samples[-1].truth
            sys.stderr.write(f"seed {seed}: {name}: F1 {found.matched_f1:.3f} (chance {found.null:.3f})\n")
    return samples


def _of_run(path: Path) -> tuple[list[Sample], str]:
    run = load_run(path)
    dataset = run.data()
    if dataset.truth is None:
        raise SpaceError(f"{path} was searched on {dataset.name}; only data: {{name: planted}} tells it")
    samples = []
    for record in run.history.in_state("COMPLETE"):
        model = run.model(record.number)
        metrics = dict(record.metrics)
        truth = truth_of(model.features, dataset, 0)
        samples.append(Sample(f"trial {record.number:04d}", 0, metrics, truth))
    assert run.study is not None
    return samples, f"{run.name}, planted ({described(run.study.data.settings)})"


def _settings(given: list[str]) -> dict[str, Any]:
    """`depth=3` -> {"depth": 3}; SpaceError for what is not of this form."""
    settings = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise SpaceError(f"--set {text}: must be name=value, as depth=3")
        settings[name] = yaml.safe_load(value)
    return settings


def _parser() -> argparse.ArgumentParser:
    parser = parser_of("analysis/truth.py", __doc__ or "", EXAMPLES)
    parser.add_argument(
        "run", nargs="?", type=Path, help="a run directory on planted data, instead of recipes"
    )
    parser.add_argument("--recipes", type=Path, help="YAML file of recipes, instead of the built-in ones")
    parser.add_argument(
        "--seeds", type=int, default=3, help="images and trainings each (default: %(default)s)"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the data"
    )
    parser.add_argument("--cache", type=Path, help="folder of a stage cache, to go on after an interruption")
    parser.add_argument("--threads", type=int, default=1, help="of torch (default: %(default)s)")
    parser.add_argument(
        "--out", type=Path, default=Path("docs/metric_truth.md"), help="the page (default: %(default)s)"
    )
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
