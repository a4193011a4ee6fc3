"""Tiny run directories for the tests of everything that reads runs; fixtures are in conftest.py.

`write_run` makes a folder of events alone, `real_run` one with trained models in it, by the trainables' own
pipeline and the driver's own recorder, without Ray. Fixtures are shared: copy before writing into one.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from search.execution.recorded_session import plan_of
from search.ledger.events import Event, dump
from search.ledger.history import fold
from search.ledger.ledger import encode
from search.ledger.recorder import Recorder, recording
from search.loggers.trial_files import regenerate
from search.space.loader import load_text
from search.space.writer import to_yaml
from search.study.domains import Scalar
from search.study.study import Study
from tests.search_tests.histories import Run, make_params, make_study, random_run, typical_run
from trainables.data.dataset import ImageData, load_dataset, to_tensors
from trainables.pipeline.pipeline import Pipeline
from trainables.stages.cache import StageCache
from trainables.workers.messages import StepReport

HOSTILE = "\"><script>alert('x')</script> =1+1 ünï\u202eçøde 数字"
SPACE = """\
name: tiny
question: Do two kinds of SAE on a handful of digits differ?
data: {name: digits, limit: 200}
objectives:
  - {metric: probe/accuracy, mode: max}
  - {metric: attribution/junk, mode: min}
constraints:
  - {metric: sae/dead_fraction, max: 0.9}
budget: {trials: 6, seed: 0}
scheduler: {name: asha, rungs: 2, reduction_factor: 2}
resources: {cpu: 1, gpu: 0}
trial:
  classifier: {kind: mlp, hidden_size: 16, epochs: 4}
  basis:
    kind: {choice: [raw, pca]}
    components: {log_int: [4, 12], default: 8}
  sae:
    kind: {choice: [relu, topk], default: topk}
    width: {log_int: [12, 64], default: 24}
    l1: {log_uniform: [1.0e-2, 1.0], default: 0.1}
    k: {log_int: [2, 8], default: 4}
    epochs: 4
  auxiliary:
    junk_penalty: {log_uniform: [1.0e-2, 1.0], or: 0}
"""
_OFF: dict[str, Scalar] = {"auxiliary.junk_penalty?": False}
DRAWS: tuple[dict[str, Scalar], ...] = (
    {"basis.kind": "raw", "sae.kind": "topk", "sae.width": 24, "sae.k": 4, **_OFF},
    {"basis.kind": "raw", "sae.kind": "relu", "sae.width": 32, "sae.l1": 0.05, **_OFF},
    {"basis.kind": "pca", "basis.components": 8, "sae.kind": "topk", "sae.width": 16, "sae.k": 2, **_OFF},
)
INFO: Mapping[str, Any] = {
    "status": "done",
    "started": "2026-05-28T20:26:40+00:00",
    "ended": "2026-05-28T20:36:40+00:00",
    "exit_code": 0,
    "reason": None,
    "command": ["run.py", "spaces/tiny.yaml"],
    "python": "3.11.7",
    "versions": {"torch": "2.14.1"},
    "git": {"commit": "0" * 40, "dirty": False},
    "host": {"name": "elsewhere", "system": "Linux", "cpus": 2, "memory_gib": 8.0},
}


def write_run(path: Path, study: Study, events: Iterable[Event], **info: Any) -> Path:
    """A run directory of these events, without models. `info` replaces what INFO says."""
    events = list(events)
    write_events_only(path, study, events, **info)
    regenerate(path, study, fold(events))
    return path


def write_events_only(path: Path, study: Study, events: Iterable[Event], **info: Any) -> Path:
    """As `write_run`, without a folder for every trial."""
    (path / "trials").mkdir(parents=True)
    (path / "trials.jsonl").write_bytes(b"".join(encode(dump(event)) for event in events))
    text = to_yaml(study)
    for name in ("space.yaml", "space.resolved.yaml"):
        (path / name).write_text(text, encoding="utf-8")
    known = {"name": study.name, "question": study.question, "target": study.budget.trials}
    (path / "run.json").write_text(json.dumps({**INFO, **known, **info}), encoding="utf-8")
    return path


def tiny_study() -> Study:
    """The study of `real_run`."""
    return load_text(SPACE, "tiny.yaml").study


def real_run(path: Path) -> Path:
    """Trials 0 to 2 trained in full, 3 stopped at rung 1, 4 failed, all on 200 digits: 4 s of work."""
    study = tiny_study()
    write_run(path, study, [])
    dataset = load_dataset("digits", limit=200)
    data = to_tensors(dataset)
    with recording(path / "trials.jsonl", lambda _: []) as recorder:
        recorder.session(command=["run.py"], host="here", pid=1, target=6, data=dataset.key)
        for number, params in enumerate(DRAWS):
            recorder.suggest(number, params, "default" if number == 0 else "sampler")
            train(study, recorder, number, path, data)
        recorder.suggest(3, DRAWS[1] | {"sae.l1": 1.0}, "sampler")
        train(study, recorder, 3, path, data, rungs=1)
        recorder.suggest(4, DRAWS[2] | {"sae.k": 3}, "sampler")
        recorder.end(4, "FAIL", reason="diverged: non-finite loss")
        regenerate(path, study, recorder.history)
    return path


def train(
    study: Study, recorder: Recorder, number: int, run: Path, data: ImageData, rungs: int | None = None
) -> None:
    """Train one suggested trial up to a rung (the last, if none is named), and record it as a driver does."""
    record = recorder.history.trials[number]
    last = rungs or study.scheduler.rungs
    config = study.trial_config(record.params)
    # Trials share a classifier, and with it most of what measuring costs.
    cache = StageCache(run.with_name(f"{run.name}-stages"))
    pipeline = Pipeline(config, data, plan_of(study), cache=cache, device=torch.device("cpu"))
    while max(record.rungs, default=0) < last:
        step = pipeline.step()
        reports = [StepReport(report.epoch, None, report.metrics) for report in step.reports]
        if step.rung is not None:
            reports.append(StepReport(step.epoch, step.rung, step.metrics))
        recorder.results(number, reports, pipeline.save(run / "trials" / record.folder))
        if step.rung is not None and not pipeline.done:
            recorder.decision(number, step.rung, "stop" if step.rung == last else "continue")
    if pipeline.done:
        recorder.end(
            number, "COMPLETE", values=[record.metrics[objective.metric] for objective in study.objectives]
        )
    else:
        recorder.end(number, "PRUNED", reason=f"stopped at rung {last}")


def unfinished_run(path: Path) -> Path:
    """Every fate, a trial left running, and a driver that is gone: `histories.typical_run`."""
    run = typical_run()
    return write_run(path, run.study, run.events, status="running", ended=None, exit_code=None)


def only_pruned_run(path: Path) -> Path:
    """Five trials, all stopped at rung 1."""
    run = Run(make_study(trials=5))
    for trial in range(5):
        run.prune(trial, 0.5 + 0.01 * trial, 0.9)
    return write_run(path, run.study, run.events, status="failed", exit_code=4)


def none_completed_run(path: Path) -> Path:
    """Three trials that failed, two of them for one reason."""
    run = Run(make_study(trials=3))
    for trial, reason in enumerate(("timeout: longer than 600 s", "diverged: loss", "diverged: loss")):
        run.fail(trial, reason)
    return write_run(path, run.study, run.events, status="failed", exit_code=4)


def infeasible_run(path: Path) -> Path:
    """Four trials trained in full, every one with too many dead latents."""
    run = Run(make_study(trials=4))
    for trial in range(4):
        run.complete(trial, 0.9, 0.5, dead=0.9)
    return write_run(path, run.study, run.events)


def empty_run(path: Path) -> Path:
    """A driver took it, and nothing more."""
    run = Run(make_study(trials=4))
    return write_run(path, run.study, run.events, status="running", ended=None, exit_code=None)


def nan_run(path: Path) -> Path:
    """What NaN leaves behind: metrics that some trials lack, and trials that ended without any.

    A ledger holds no NaN itself; it turns up where tables are made of what is missing.
    """
    run = Run(make_study(trials=6, constrained=False))
    run.complete(0, 0.9, 0.5)
    run.suggest(1)
    run.result(1, 18, 3, probe__accuracy=0.8, attribution__junk=0.7)
    run.end(1, "COMPLETE")
    run.suggest(2)
    run.result(2, 1, None, classifier__accuracy=0.1, classifier__ce=1e300)
    run.end(2, "FAIL", "diverged: classifier/ce is nan")
    run.fail(3, "diverged: sae/fvu is nan")
    run.suggest(4)
    run.end(4, "PRUNED", "diverged: loss is inf")
    return write_run(path, run.study, run.events)


def long_run(path: Path, n_trials: int = 5000) -> Path:
    """A long search of random scores; a third of it was trained in full."""
    run = random_run(n_trials)
    return write_events_only(path, run.study, run.events)


def hostile_run(root: Path) -> Path:
    """Text that wants to be markup, a formula or an escape code, wherever a run holds text.

    The folder's name is hostile too, as far as a file system lets it.
    """
    study = replace(make_study(trials=4), question=HOSTILE)
    run = Run(study)
    run.complete(0, 0.9, 0.5)
    run.fail(1, f"{HOSTILE}\x1b[31m")
    run.fail(2, '=HYPERLINK("http://example.invalid")\nsecond line \udcff')
    run.suggest(3, {**make_params(), "sae.kind": HOSTILE})
    run.tell(
        event="result",
        trial=3,
        epoch=1,
        rung=None,
        metrics={f"own/{HOSTILE}": 1.0, "=1+1": 2.0},
        checkpoint=None,
    )
    return write_run(root / HOSTILE.replace("/", "∕"), study, run.events, reason=HOSTILE)


def copied(run: Path, to: Path) -> Path:
    """A copy to write into."""
    return Path(shutil.copytree(run, to / run.name))
