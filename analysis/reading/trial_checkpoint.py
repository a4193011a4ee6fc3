"""From a finished trial's folder to its model."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from search.errors import RunDirectoryError, SpaceError
from search.formatting import one_line
from search.ledger.history import TrialRecord
from trainables.config import TrialConfig
from trainables.model.feature_model import FeatureModel, load_feature_model
from trainables.storage.checkpoint import FOLDER, load_newest

_FATES = {"PRUNED": "was stopped early", "FAIL": "failed", "RUNNING": "is not finished"}


def read_model(folder: Path, record: TrialRecord) -> tuple[TrialConfig, FeatureModel, dict[str, object]]:
    """Settings, model and the checkpoint's meta data.

    SpaceError if the trial was not trained in full; RunDirectoryError if its checkpoint is missing, damaged,
    or not the one that the ledger names.
    """
    name = f"trial {record.number}"
    if record.state != "COMPLETE":
        because = f" ({one_line(record.reason)})" if record.state == "FAIL" and record.reason else ""
        raise SpaceError(
            f"{name} {_FATES[record.state]}{because}: only a trial that was trained in full has a model"
        )
    if not (folder / FOLDER).is_dir():
        raise RunDirectoryError(f"{name} has no checkpoint: {folder / FOLDER} is missing")
    found = load_newest(folder)
    if found is None:
        raise RunDirectoryError(f"{name}: no checkpoint in {folder / FOLDER} is whole")
    if record.checkpoint is not None and found.record["sha256"] != record.checkpoint.get("sha256"):
        raise RunDirectoryError(
            f"{name}: its last checkpoint is damaged or missing; {found.record['path']} is not the one "
            "that trials.jsonl names"
        )
    try:
        model = load_feature_model(found.tensors, found.meta)
        return TrialConfig.model_validate(found.meta["config"]), model, found.meta
    except (ValidationError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise RunDirectoryError(
            f"{name}: the checkpoint {folder / found.record['path']} does not hold a model that this version "
            f"reads: {one_line(str(error))}"
        ) from None
