"""What decides a classifier's training, apart from its data and how far it goes."""

from __future__ import annotations

from trainables import registry
from trainables.concepts.concept_set import identity
from trainables.config import TrialConfig


def classifier_settings(config: TrialConfig) -> dict[str, object]:
    """Settings for the classifier stage's seed and key: equal exactly if the training is.

    Without `epochs`, without what belongs to a loss that is off, and with a concept set's sha256 in
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
    return settings | identity(table) if table else settings
