"""What `analysis/quiz.py` does with runs, step by step."""

from __future__ import annotations

import argparse
import os
import shlex
import sys

import numpy as np

from analysis.blind_test.key import Keyed, quiz_id, write_key
from analysis.blind_test.measured import measured
from analysis.blind_test.questions import FEWEST, KINDS, Question, askable, question
from analysis.blind_test.sources import Source, sources
from analysis.cli.progress_line import ProgressLine
from analysis.load import load_run
from analysis.pages.page import render, write_page
from analysis.pages.tile_sheet import Tile, TileSheet
from search.errors import NoTrialCompleted
from trainables.pictures.colour import ink
from trainables.seeds import child_seed

# The names that readers gave are asked about in the last third, when the pictures are forgotten.
EARLY, LATE = 0, 1


def write_quiz(options: argparse.Namespace) -> None:
    """Write page and key, and print where they lie."""
    asked: list[tuple[Source, Question]] = []
    with ProgressLine() as progress:
        for path in options.runs:
            run = load_run(path)
            progress.say(f"{run.name}: reading images")
            data = run.data()
            for source in sources(run, data, options.split, options.seed):
                progress.say(f"{run.name}: {source.kind}")
                asked += [(source, it) for it in drawn(source, options.questions, options.seed)]
    if not asked:
        raise NoTrialCompleted(
            f"no latent fires on at least {FEWEST} and at most a quarter of the {options.split} images, "
            "which a question takes"
        )
    folder = options.out or options.runs[0] / "quiz"
    command = shlex.join(["python", "analysis/quiz.py", *(os.path.relpath(path) for path in options.runs)])
    keyed = keyed_questions(asked, options.seed)
    write_page(folder / "index.html", page(asked, keyed, options.seed))
    write_key(folder, keyed, f"{command} --questions {options.questions} --seed {options.seed}")
    sys.stdout.write(f"{folder / 'index.html'}\n")
    again = shlex.join(["python", "analysis/quiz.py", *map(str, options.runs), "--answers", "FILE"])
    sys.stderr.write(f"send the page, keep {folder / 'key.json'}; score with: {again}\n")


def drawn(source: Source, number: int, seed: int) -> list[Question]:
    """Questions about latents of a source drawn at random of those that can be asked about, kinds in turn."""
    rng = np.random.default_rng(child_seed(seed, "quiz", source.run, source.kind))
    codes, labels = source.subject.codes.numpy(), source.subject.labels
    assert labels is not None
    latents = rng.permutation(askable(codes))[:number].tolist()
    return [
        question(KINDS[place % len(KINDS)], latent, codes[:, latent], labels.numpy(), rng)
        for place, latent in enumerate(latents)
    ]


def keyed_questions(asked: list[tuple[Source, Question]], seed: int) -> list[Keyed]:
    """Each with an id that tells nothing, and what metrics say of its latent; in the order of `asked`."""
    ids = np.random.default_rng(child_seed(seed, "quiz", "ids")).permutation(len(asked)).tolist()
    metrics: dict[tuple[int, int], dict[str, float]] = {}
    by_source: dict[int, tuple[Source, list[int]]] = {}
    for source, it in asked:
        by_source.setdefault(id(source), (source, []))[1].append(it.latent)
    for place, (source, latents) in by_source.items():
        for latent, found in zip(latents, measured(source, latents), strict=True):
            metrics[place, latent] = found
    return [
        Keyed(
            f"q{number:03d}",
            it.kind,
            source.kind,
            source.run,
            source.trial,
            it.latent,
            it.right,
            len(it.choices),
            {name: round(value, 6) for name, value in metrics[id(source), it.latent].items()},
        )
        for number, (source, it) in zip(ids, asked, strict=True)
    ]


def page(asked: list[tuple[Source, Question]], keyed: list[Keyed], seed: int) -> str:
    """The page: pictures and questions by their ids, in an order that tells nothing of their sources."""
    sheets: dict[tuple[int, int], TileSheet] = {}
    steps = []
    # By the ids, which are drawn: the places of pictures on the sheet would tell what belongs together.
    for (source, it), own in sorted(zip(asked, keyed, strict=True), key=lambda pair: pair[1].id):
        shape = source.subject.images.shape[1:]
        sheet = sheets.setdefault((shape[0], shape[1]), TileSheet(f"images-{len(sheets)}"))
        shown, choices = ([_tile(sheet, source, row) for row in rows] for rows in (it.shown, it.choices))
        base = {"id": own.id, "kind": it.kind}
        if it.kind == "name":
            steps.append((EARLY, {**base, "step": "name", "shown": shown, "choices": []}))
            steps.append((LATE, {**base, "step": "recall", "shown": [], "choices": choices}))
        else:
            steps.append((EARLY, {**base, "step": it.kind, "shown": shown, "choices": choices}))
    order = np.random.default_rng(child_seed(seed, "quiz", "order")).permutation(len(steps)).tolist()
    ordered = [steps[i][1] for when in (EARLY, LATE) for i in order if steps[i][0] == when]
    return render(
        "quiz.html",
        parts=("quiz",),
        sheets=list(sheets.values()),
        quiz={"id": quiz_id(keyed), "steps": ordered},
        run_name="blind test",
    )


def _tile(sheet: TileSheet, source: Source, row: int) -> dict[str, object]:
    tile: Tile = sheet.add((source.run, row), ink(source.subject.images[row].numpy()))
    return {"sheet": tile.sheet, "box": f"{tile.x} {tile.y} {tile.width} {tile.height}"}
