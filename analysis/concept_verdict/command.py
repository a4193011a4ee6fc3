"""`analysis/concepts.py`, step by step: the rule, the gates, the arms on Ray, the verdict."""

from __future__ import annotations

import json
import sys
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass
from pathlib import Path

from analysis.concept_verdict.arms import verdict_space
from analysis.concept_verdict.gather import arms_of, evidence_of
from analysis.concept_verdict.page import write_verdict
from analysis.concept_verdict.rule import ACCURACY, BESIDE, FVU, Rule
from analysis.concept_verdict.verdict import Screened, Verdict, concluded, screen
from search.cli.options import New, Options, Resume
from search.cli.search_command import resume, search_anew
from search.disk import disk_errors, write_atomically
from search.errors import SpaceError
from search.execution.recorded_session import CACHE_BYTES, stage_cache_dir
from search.ledger.ledger import read_history
from search.run_dir.inputs import load_inputs
from search.run_dir.own_space import own_study
from search.run_dir.run_directory import RunDirectory, open_existing
from search.study.design import Design
from search.study.study import Study
from trainables.stages.cache import StageCache

LOOKS = "looks.json"
DEFAULT_SEEDS = 5


@dataclass(frozen=True)
class Asked:
    """What a verdict is asked for: of a new run, or of `run`, gone on with or told again."""

    concepts: str
    space: Path | None
    seeds: int | None
    weight: float
    seed: int
    out: Path
    name: str | None
    run: Path | None
    address: str = "local"


def verdict(asked: Asked, rule: Rule, command: str) -> tuple[Verdict, list[Path]]:
    """Reach it and write it. The rule is said before anything is measured."""
    for sentence in rule.said():
        _say(sentence)
    options = Options(New(Path("concepts")), out=asked.out, address=asked.address, report=False)
    if asked.run is None:
        loaded = verdict_space(
            asked.concepts, asked.space, asked.seeds or DEFAULT_SEEDS, asked.weight, rule, asked.seed
        )
        screened = _screened(loaded.study)
        if screened.word is not None:
            found = concluded(loaded.study.concepts.set, screened, None, 1, rule, 0)
            return found, write_verdict(found, asked.name or "concepts", _place(asked), command, {})
        with redirect_stdout(sys.stderr):  # what won is not the question here
            directory = search_anew(loaded, asked.name, options)
    else:
        directory = open_existing(asked.run)
        _go_on(directory, asked, options)
        screened = _screened(own_study(directory, read_history(directory.ledger)))
    study, history = own_study(directory, read_history(directory.ledger)), read_history(directory.ledger)
    metrics = (*rule.primaries, ACCURACY, FVU, *BESIDE)
    arms, replicates = arms_of(history, tuple(dict.fromkeys(metrics)))
    if len(replicates) < 2:
        raise SpaceError(f"{directory.path}: fewer than 2 seeds are finished in every arm")
    look = _look(directory, len(replicates))
    found = concluded(study.concepts.set, screened, arms, look, rule, len(replicates))
    out = directory.path / "verdict"
    return found, write_verdict(found, directory.path.name, out, command, directory.read_info())


def _screened(study: Study) -> Screened:
    dataset = load_inputs(study)
    evidence, dropped = evidence_of(study, dataset, StageCache(stage_cache_dir(), CACHE_BYTES))
    return screen(evidence, dropped, _say)


def _go_on(directory: RunDirectory, asked: Asked, options: Options) -> None:
    """What is owed, and more seeds where they are asked for."""
    study = own_study(directory, read_history(directory.ledger))
    design = study.listed
    if not isinstance(design, Design) or not study.concepts.set:
        raise SpaceError(f"{directory.path} is not the run of a verdict")
    seeds = max(design.replicates, asked.seeds or 0)
    if seeds > design.replicates:
        # Optuna takes no new replicates into a study; the mirror is made anew from the ledger.
        with disk_errors(directory.study_db):
            directory.study_db.unlink(missing_ok=True)
    wanted = (f"design.replicates={seeds}", f"budget.trials={seeds * len(design.arms)}")
    mode = Resume(str(directory.path), overrides=wanted)
    with redirect_stdout(sys.stderr):
        resume(mode, Options(mode, out=options.out, address=options.address, report=False))


def _look(directory: RunDirectory, seeds: int) -> int:
    """Which look this is. Looking again at the same seeds is the same look, and costs nothing."""
    path = directory.path / LOOKS
    looks: list[int] = []
    with suppress(OSError, ValueError):
        looks = [int(n) for n in json.loads(path.read_text(encoding="utf-8"))]
    if seeds not in looks:
        looks.append(seeds)
        write_atomically(path, json.dumps(looks) + "\n")
    return looks.index(seeds) + 1


def _place(asked: Asked) -> Path:
    return asked.out / (asked.name or f"concepts-{Path(asked.concepts).stem.replace(':', '-')}") / "verdict"


def _say(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")
