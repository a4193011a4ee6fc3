"""What `analysis/gallery.py` does with a run, step by step."""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from analysis.cli.progress_line import ProgressLine
from analysis.features.collect import feature_table
from analysis.features.details import feature_details
from analysis.features.feature import FeatureTable
from analysis.gallery_parts.index_view import influence
from analysis.gallery_parts.trial_view import trial_view
from analysis.gallery_parts.trials_page import write_trials_page
from analysis.gallery_parts.writing import Gallery, write_folder, write_single_file
from analysis.load import Run, load_run
from trainables.data.dataset import Dataset

# Pages in a single file: 100 of at most 64 KB stay far below the 50 MB at which browsers struggle.
MOST_IN_ONE_FILE = 100
# Latents come in batches, with most of the work before the first of each.
_SHARE_TO_GUESS_FROM = 0.15
_SECONDS_BETWEEN_LINES = {True: 0.5, False: 10.0}


def write_galleries(options: argparse.Namespace) -> None:
    """Write what `options` of the command line ask for, and print the pages to open first."""
    run = load_run(options.run)
    numbers = _chosen(run, options.trial, options.top)
    with ProgressLine() as progress:
        progress.say("reading images")
        data = run.data()
        out = options.out or run.path / "gallery"
        for number in numbers:
            path = _one(run, data, number, options, out, progress)
            if options.single_file:
                sys.stdout.write(f"{path}\n")
    if not options.single_file:
        sys.stdout.write(f"{write_trials_page(run, out, _command(options), _info(run, data))}\n")
        sys.stdout.write("".join(f"{out / f'{number:04d}' / 'index.html'}\n" for number in numbers))


def _chosen(run: Run, trials: list[int] | None, top: int | None) -> list[int]:
    if trials is not None:
        return list(dict.fromkeys(trials))
    if top is None:
        return [run.best_trial().number]
    ranked = [record.number for record in run.ranked()[:top]]
    return ranked or [run.best_trial().number]


def _command(options: argparse.Namespace) -> str:
    """What was typed, without where it was put."""
    words = ["python", "analysis/gallery.py", str(options.run)]
    if options.trial is not None:
        words += ["--trial", *map(str, options.trial)]
    if options.top is not None:
        words += ["--top", str(options.top)]
    if options.split != "val":
        words += ["--split", options.split]
    return shlex.join([*words, "--single-file"] if options.single_file else words)


def _info(run: Run, data: Dataset) -> dict[str, object]:
    """run.json, and the images by name and digest."""
    return {**run.info, "images": f"{data.name} {data.key[:12]}"}


def _one(
    run: Run, data: Dataset, number: int, options: argparse.Namespace, out: Path, progress: ProgressLine
) -> Path:
    """Write the gallery of one trial; returns its first page."""
    model = run.model(number)
    name = f"trial {number:04d}"
    progress.say(f"{name}: looking at all latents")
    table = feature_table(model.features, data, split=options.split)
    gallery = Gallery(
        run_name=run.name,
        question=str((run.study.question if run.study else None) or ""),
        command=_command(options),
        info=_info(run, data),
        trial=trial_view(run, model, table, str(options.run)),
    )
    latents = _strongest(table) if options.single_file else list(range(len(table)))
    details = feature_details(
        model.features, table, data, latents, progress=_reporter(progress, name, len(latents))
    )
    if options.single_file:
        return write_single_file(gallery, table, details, out / f"{number:04d}.html")
    return write_folder(gallery, table, details, out / f"{number:04d}")


def _strongest(table: FeatureTable) -> list[int]:
    """The latents that a single file shows, by number."""
    order = np.argsort(-influence(table), kind="stable")[:MOST_IN_ONE_FILE]
    return sorted(order.tolist())


def _reporter(progress: ProgressLine, name: str, total: int) -> Callable[[float], None]:
    """Says how far it is and how long it will take, not too often."""
    begun = said = time.monotonic()

    def tell(share: float) -> None:
        nonlocal said
        now = time.monotonic()
        if now - said >= _SECONDS_BETWEEN_LINES[sys.stderr.isatty()]:
            said = now
            left = (now - begun) * (1 - share) / share
            guess = f", about {left:.0f} s left" if share > _SHARE_TO_GUESS_FROM else ""
            progress.say(f"{name}: latent {round(share * total)} of {total}{guess}")

    return tell
