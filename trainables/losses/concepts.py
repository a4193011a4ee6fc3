"""Hidden units that tell given properties of the image."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from trainables import registry
from trainables.data.dataset import TensorSplit
from trainables.errors import DataError
from trainables.losses.training_batch import LossSetup, TrainingBatch
from trainables.networks.seeded_layers import linear

ARRAY = "concepts"


class ConceptSupervision(nn.Module):
    """mean over images and concepts of (V h_S + b - t)^2, >= 0, and 1 at the mean predictor.

    t: the concept table, each column standardised on train; h_S: the first ceil(share * d) hidden units;
    V, b: a linear head trained along. 1 minus the loss is the concepts' mean R^2. The concept loss of
    concept bottleneck models (Koh et al. 2020, arXiv 2007.04612) as a side head: the class is still read
    from all units, and those outside S stay free.
    """

    targets: torch.Tensor

    def __init__(self, setup: LossSetup) -> None:
        super().__init__()
        table = concept_table(setup.auxiliary.concept_table, setup.train)
        standardised = (table - table.mean(axis=0)) / table.std(axis=0)
        # Not persistent: the file is read again. Its contents must be part of the stage's key.
        self.register_buffer("targets", torch.tensor(standardised, dtype=torch.float32), persistent=False)
        self.supervised = math.ceil(setup.auxiliary.concept_share * setup.hidden_size)
        self.head = linear(self.supervised, table.shape[1], setup.generator)

    def forward(self, batch: TrainingBatch) -> torch.Tensor:
        """Scalar of one batch."""
        predicted = self.head(batch.hidden[:, : self.supervised])
        return functional.mse_loss(predicted, self.targets[batch.rows].to(predicted))


def concept_table(name: str, train: TensorSplit) -> np.ndarray:
    """The table float64 (n_train, c) that `name` of `registry.CONCEPT_TABLES`, or a path, stands for."""
    if registry.CONCEPT_TABLES.is_named(name):
        computed: np.ndarray = registry.CONCEPT_TABLES[name](train)
        return computed
    return load_concepts(Path(name), len(train))


def load_concepts(path: Path, n_train: int) -> np.ndarray:
    """Array `concepts` of an .npz file as float64 (n_train, c): row i belongs to train image i.

    DataError says what is wrong: no such file, no such array, another number of rows, values that are not
    finite, or a column that is the same for all images and so teaches nothing.
    """
    path = path.expanduser()
    try:
        with path.open("rb") as file:
            archive = np.load(file, allow_pickle=False)
            if not isinstance(archive, np.lib.npyio.NpzFile) or ARRAY not in archive.files:
                raise DataError(f"{path} has no array {ARRAY}; write it with numpy.savez(path, {ARRAY}=...)")
            table = np.asarray(archive[ARRAY])
    except FileNotFoundError as error:
        raise DataError(f"there is no concept table {path}") from error
    except (OSError, EOFError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} is not a readable .npz file of plain arrays: {error}") from error
    if table.ndim != 2 or table.shape[1] == 0 or table.dtype.kind not in "fiub":
        raise DataError(
            f"{path}: {ARRAY} is {table.dtype} {table.shape}; numbers (train images, c) are needed"
        )
    if len(table) != n_train:
        raise DataError(f"{path}: {ARRAY} has {len(table)} rows, but there are {n_train} train images")
    table = table.astype(np.float64)
    if not np.isfinite(table).all():
        raise DataError(f"{path}: {ARRAY} has NaN or infinite values")
    constant = np.flatnonzero(np.ptp(table, axis=0) == 0)
    if len(constant):
        raise DataError(f"{path}: column {constant[0]} of {ARRAY} is the same for all images; leave it out")
    return table
