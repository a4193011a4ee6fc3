"""What decides a classifier's training, apart from its data and how far it goes."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from trainables import registry
from trainables.config import TrialConfig
from trainables.errors import DataError
from trainables.settings.auxiliary import AuxiliaryConfig

# Settings of a loss that say nothing while the loss is off.
_BELONGS_TO = {
    "hidden_group_size": "hidden_group_lasso",
    "contrastive_supcon_share": "contrastive",
    "contrastive_temperature": "contrastive",
    "contrastive_on": "contrastive",
    "sparse_reconstruction_width": "sparse_reconstruction",
    "sparse_reconstruction_l1": "sparse_reconstruction",
    "concept_share": "concepts",
    "concept_table": "concepts",
}


def classifier_settings(config: TrialConfig) -> dict[str, Any]:
    """Settings for the classifier stage's seed and key: equal exactly if the training is.

    Without `epochs`, without what belongs to a loss that is off, and with the concept table's sha256 in
    place of its path: another table in the same place is another training. DataError if there is none.
    """
    return {
        **config.classifier.model_dump(exclude={"epochs"}),
        "auxiliary": _auxiliary_settings(config.auxiliary),
    }


def _auxiliary_settings(auxiliary: AuxiliaryConfig) -> dict[str, Any]:
    settings = {
        name: value
        for name, value in auxiliary.model_dump().items()
        if name not in _BELONGS_TO or getattr(auxiliary, _BELONGS_TO[name]) > 0
    }
    # A table that has a name is code, whose changes `stages.VERSIONS` tells.
    if settings.get("concept_table", "") not in ("", *registry.CONCEPT_TABLES):
        settings["concept_table"] = _sha256(Path(auxiliary.concept_table).expanduser())
    return settings


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise DataError(f"the concept table {path} cannot be read: {error.strerror}") from error
