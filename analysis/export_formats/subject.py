"""What is exported: a trial's model, folded, with all that whoever gets it must know about it."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from analysis.export_formats.folded import FoldedSae, fold
from analysis.load import Run
from analysis.trial_model import TrialModel
from search.errors import RunDirectoryError
from search.run_dir.inputs import DataMissing

PROBES = 256


@dataclass(frozen=True)
class Subject:
    """A trial on its way out."""

    model: TrialModel
    folded: FoldedSae
    facts: Mapping[str, Any]
    """Provenance, configuration, data and metrics, as strict JSON takes them."""
    probes: Tensor
    """Images (n, h, w) on which an export is compared with the trial before it gets its name."""
    probes_are: str


def subject_of(run: Run, number: int) -> Subject:
    """Trial `number` of a run. Raises as `Run.model`, and SpaceError for an SAE that cannot be folded."""
    model = run.model(number)
    probes, probes_are, key = _probes(run, model)
    return Subject(model, fold(model.features), _facts(run, model, key), probes, probes_are)


def _probes(run: Run, model: TrialModel) -> tuple[Tensor, str, str | None]:
    """Images, what they are, and the digest of the data; noise where the run's images are not at hand."""
    try:
        data = run.data()
    except (DataMissing, RunDirectoryError):
        noise = torch.rand(PROBES, *model.image_shape, generator=torch.Generator().manual_seed(0))
        recorded = [session.data for session in run.history.sessions if session.data is not None]
        return noise, "noise images (the run's own are not at hand)", recorded[-1] if recorded else None
    images = torch.tensor(data.val.first(PROBES).images)
    return images, "validation images", data.key


def _facts(run: Run, model: TrialModel, data_key: str | None) -> dict[str, Any]:
    height, width = model.image_shape
    rungs = run.history.trials[model.number].rungs
    last = rungs[max(rungs)].metrics if rungs else {}
    return {
        "run": run.name,
        "trial": model.number,
        "question": run.study.question if run.study is not None else None,
        "config": model.config.model_dump(mode="json"),
        "data": {
            "name": run.study.data.name if run.study is not None else None,
            "sha256": data_key,
            "image_shape": [height, width],
            "classes": int(model.meta["n_classes"]),
            "normalisation": f"float32 (b, {height}, {width}) in [0, 1], black = 0; no mean, no scale",
        },
        "metrics": {name: value for name, value in last.items() if math.isfinite(value)},
        "made_by": {
            "sae-search": version("sae-search"),
            "torch": version("torch"),
            "run": {name: run.info.get(name) for name in ("git", "versions", "started")},
        },
        "train_it_again": f"python search/run.py --reproduce {shlex.quote(run.name)} {model.number}",
    }


def default_folder(run: Run, number: int, format_name: str) -> Path:
    """Where an export goes unless told otherwise."""
    return run.path / "export" / f"{number:04d}-{format_name}"
