"""What decides a classifier's training, apart from its data and how far it goes."""

from __future__ import annotations

import hashlib
from pathlib import Path

from trainables import registry
from trainables.config import TrialConfig
from trainables.errors import DataError


def classifier_settings(config: TrialConfig) -> dict[str, object]:
    """Settings for the classifier stage's seed and key: equal exactly if the training is.

    Without `epochs`, without what belongs to a loss that is off, and with the concept table's sha256 in
    place of its path: another table in the same place is another training. DataError if there is none.
    """
    classifier = config.classifier.identity("epochs")
    front_end = registry.FRONT_ENDS.code(classifier.get("front_end", "none"))
    if front_end is not None:
        classifier["front_end code"] = front_end
    return {**classifier, "auxiliary": _auxiliary_settings(config)}


def _auxiliary_settings(config: TrialConfig) -> dict[str, object]:
    settings = config.auxiliary.identity()
    table = settings.get("concept_table", "")
    if registry.CONCEPT_TABLES.is_named(table):
        code = registry.CONCEPT_TABLES.code(table)
        settings |= {} if code is None else {"concept_table code": code}
    elif table:
        settings["concept_table"] = _sha256(Path(table).expanduser())
    return settings


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise DataError(f"the concept table {path} cannot be read: {error.strerror}") from error
