"""What the gates look at, and what the arms have come to, of a verdict's study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from analysis.concept_verdict.evidence import Evidence, Rows
from analysis.concept_verdict.rule import CONTROLS, NONE, REAL
from search.execution.recorded_session import plan_of
from search.ledger.history import History
from search.study.design import DEFAULT_ARM, DIRECTION, REPLICATE
from search.study.study import Study
from trainables.concepts.concept_set import tables
from trainables.concepts.prepared import Prepared, prepare
from trainables.concepts.table import ConceptTable
from trainables.data.dataset import Dataset, TensorSplit, to_tensors
from trainables.metrics.probe import probe_rows
from trainables.pipeline.pipeline import Pipeline
from trainables.stages.cache import StageCache

MOST_TRAIN, MOST_VAL = 5000, 5000
ARMS = (NONE, REAL, *CONTROLS)


def evidence_of(
    study: Study, dataset: Dataset, cache: StageCache | None
) -> tuple[Evidence, Mapping[str, str]]:
    """Of the default arm's network in replicate 0, which the arms then find in the cache; and which concepts
    preparation left out, and why."""
    data, name = to_tensors(dataset), study.concepts.set
    train, val = tables(name, data.train, data.val)
    prepared = prepare(train, name)
    config = study.trial_config({DIRECTION: DEFAULT_ARM, REPLICATE: 0})
    pipeline = Pipeline(config, data, plan_of(study), cache=cache, device="cpu")
    while pipeline.next_rung is None:
        pipeline.step()
    network = pipeline.network.eval()
    chosen = probe_rows(len(data.train))[:MOST_TRAIN]
    rows = _rows(prepared, train, data.train, chosen, network.hidden)
    of_val = _rows(prepared, val, data.val, torch.arange(min(len(data.val), MOST_VAL)), network.hidden)
    with torch.no_grad():
        said = network.head(torch.tensor(of_val.hidden, dtype=torch.float32)).argmax(dim=1).numpy()
    accuracy = float((said == of_val.labels).mean())
    return Evidence(prepared.names, rows, of_val, data.n_classes, accuracy), prepared.dropped


def arms_of(history: History, metrics: Sequence[str]) -> tuple[dict[str, dict[str, list[float]]], list[int]]:
    """Arm -> metric -> value for each replicate that every arm has finished; and these replicates."""
    found: dict[int, dict[str, Mapping[str, float]]] = {}
    for record in history.in_state("COMPLETE"):
        arm = str(record.params[DIRECTION])
        own = found.setdefault(int(record.params[REPLICATE]), {})
        own[NONE if arm == DEFAULT_ARM else arm] = record.metrics
    whole = sorted(replicate for replicate, own in found.items() if set(own) >= set(ARMS))
    return {arm: {m: [found[r][arm][m] for r in whole] for m in metrics} for arm in ARMS}, whole


def _rows(
    prepared: Prepared, table: ConceptTable, split: TensorSplit, chosen: torch.Tensor, hidden: object
) -> Rows:
    assert callable(hidden)
    with torch.no_grad():
        h = hidden(split.images[chosen]).float().numpy()
    own = ConceptTable(table.names, table.values[chosen.numpy()])
    labels = split.labels[chosen].numpy()
    pixels = split.images[chosen].flatten(1).numpy().astype(np.float64)
    return Rows(prepared.values(own), prepared.bits(own), labels, pixels, h.astype(np.float64))
