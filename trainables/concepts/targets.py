"""What hidden units are taught in one training: which concepts, as values or bits, or which control."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from trainables.concepts.concept_set import identity, train_table
from trainables.concepts.controls import controlled
from trainables.concepts.prepared import Prepared, prepare, supervised_half
from trainables.concepts.table import Floats
from trainables.data.dataset import TensorSplit
from trainables.settings.auxiliary import ConceptControl, ConceptForm, ConceptPart, ConceptsConfig


@dataclass(frozen=True)
class Choice:
    """The settings `auxiliary.concept_*` that decide the targets."""

    table: str
    part: ConceptPart = "all"
    split: int = 0
    form: ConceptForm = "values"
    control: ConceptControl = "none"

    @classmethod
    def of(cls, auxiliary: ConceptsConfig) -> Choice:
        """What the settings of a trial say of it."""
        return cls(
            auxiliary.concept_table,
            auxiliary.concept_part,
            auxiliary.concept_split,
            auxiliary.concept_form,
            auxiliary.concept_control,
        )

    def supervised(self, names: tuple[str, ...]) -> np.ndarray:
        """Which of the set's concepts belong to this part: (c,) bool."""
        half = supervised_half(names, self.split)
        return {"all": np.ones(len(names), dtype=bool), "half": half, "other_half": ~half}[self.part]


def targets(choice: Choice, train: TensorSplit, seed: Callable[[], int]) -> Floats:
    """(n, c) with mean 0 and variance 1 on train; `seed` is asked where a control draws."""
    table = train_table(choice.table, train)
    prepared = prepare(table, choice.table)
    chosen = choice.supervised(prepared.names)
    if choice.form == "values" and choice.control == "none":
        return prepared.values(table)[:, chosen]
    bits = prepared.bits(table)[:, chosen]
    if choice.control != "none":
        images, labels = (tensor.detach().cpu().numpy() for tensor in (train.images, train.labels))
        bits = controlled(choice.control, bits, images, labels, seed())
    values = bits.astype(np.float64)
    return (values - values.mean(axis=0)) / np.maximum(values.std(axis=0), 1e-12)


def provenance(choice: Choice, train: TensorSplit) -> dict[str, Any]:
    """What a training with this choice is taught, for the record: plain data."""
    prepared: Prepared = prepare(train_table(choice.table, train), choice.table)
    chosen = choice.supervised(prepared.names)
    return {
        "set": choice.table,
        "identity": identity(choice.table),
        "form": choice.form if choice.control == "none" else "bits",
        "control": choice.control,
        "supervised": [name for name, own in zip(prepared.names, chosen, strict=True) if own],
        "held_out": [name for name, own in zip(prepared.names, chosen, strict=True) if not own],
        "dropped": prepared.dropped,
    }
