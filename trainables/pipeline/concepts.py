"""The bits of a run's concepts over the images that one trial is measured on."""

from __future__ import annotations

import torch

from trainables.concepts.concept_set import tables
from trainables.concepts.prepared import prepare
from trainables.concepts.targets import Choice
from trainables.config import TrialConfig
from trainables.data.dataset import ImageData
from trainables.metrics.concept_alignment import Concepts
from trainables.metrics.measured import Measured


def measured_concepts(name: str, config: TrialConfig, data: ImageData, measured: Measured) -> Concepts | None:
    """The bits of the set `name`; None if that is empty. DataError for a set that cannot be had.

    Held out is what the trial's own part of its own set does not name, be its weight 0 or not: so a trial
    without supervision is judged by the same half as the one it is compared with.
    """
    if not name:
        return None
    train, val = tables(name, data.train, data.val)
    prepared = prepare(train, name)
    taught: set[str] = set()
    if config.auxiliary.concept_table:
        choice = Choice.of(config.auxiliary)
        own = prepared if choice.table == name else prepare(tables(choice.table, data.train, data.val)[0])
        taught = {concept for concept, on in zip(own.names, choice.supervised(own.names), strict=True) if on}
    device = measured.val_z.device
    rows = measured.activations.rows.cpu().numpy()
    return Concepts(
        prepared.names,
        torch.from_numpy(prepared.bits(train)[rows]).to(device),
        torch.from_numpy(prepared.bits(val)).to(device),
        torch.tensor([concept not in taught for concept in prepared.names], device=device),
    )
