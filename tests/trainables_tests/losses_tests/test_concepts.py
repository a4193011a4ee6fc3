"""Concept supervision: what it learns, what it leaves free, and which tables it refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.trainables_tests.losses_tests.small_batches import IMAGES, batch, mlp, setup
from trainables.classifier.trainer import ClassifierTrainer
from trainables.data.dataset import load_dataset, to_tensors
from trainables.errors import DataError
from trainables.losses.concepts import ConceptSupervision, load_concepts
from trainables.seeds import generator
from trainables.settings.auxiliary import AuxiliaryConfig
from trainables.settings.classifier import MlpClassifierConfig


def written(path: Path, table: np.ndarray, name: str = "concepts") -> Path:
    np.savez(path / "table.npz", **{name: table})  # type: ignore[arg-type]
    return path / "table.npz"


def test_the_mean_predictor_pays_1_and_a_perfect_one_0(tmp_path: Path) -> None:
    table = np.random.default_rng(0).normal(5, 3, size=(12, 2))
    path = written(tmp_path, table)
    loss = ConceptSupervision(setup(concept_table=str(path), concept_share=1.0)).double()
    standardised = torch.tensor((table - table.mean(axis=0)) / table.std(axis=0))
    hidden = torch.cat([standardised, torch.zeros(12, 4, dtype=torch.float64)], dim=1)
    given = batch(mlp(), hidden=hidden)
    with torch.no_grad():
        loss.head.weight.zero_()
        assert loss(given).item() == pytest.approx(1)
        loss.head.weight[:, :2] = torch.eye(2)
        assert loss(given).item() == pytest.approx(0, abs=1e-10)


@pytest.mark.parametrize(("share", "supervised"), [(0.5, 3), (0.4, 3), (1.0, 6), (0.01, 1)])
def test_only_the_share_is_supervised(tmp_path: Path, share: float, supervised: int) -> None:
    path = written(tmp_path, np.random.default_rng(0).normal(size=(12, 2)))
    loss = ConceptSupervision(setup(concept_table=str(path), concept_share=share))
    hidden = torch.rand(12, 6, generator=generator(0)).requires_grad_()
    loss(batch(mlp(), hidden=hidden)).backward()
    assert hidden.grad is not None
    assert hidden.grad.any(dim=0).tolist() == [True] * supervised + [False] * (6 - supervised)


def test_true_concepts_are_learnt_and_shuffled_ones_are_not(tmp_path: Path) -> None:
    data = to_tensors(load_dataset("digits"))
    rows = torch.arange(len(data.train))
    left = data.train.images[:, :, :4].sum(dim=(1, 2)).numpy()
    halves = np.stack([left, data.train.images[:, :4].sum(dim=(1, 2)).numpy()], axis=1)
    mixed = np.random.default_rng(0).permutation(halves)
    errors = []
    for table in (halves, mixed):
        auxiliary = AuxiliaryConfig(concepts=1.0, concept_table=str(written(tmp_path, table)))
        trainer = ClassifierTrainer(
            MlpClassifierConfig(hidden_size=32, batch_size=32), auxiliary, data, seed=0
        )
        for _ in range(10):
            trainer.train_epoch()
        ((_, loss),) = trainer._objective._losses.values()
        hidden = trainer.network.hidden(data.train.images)
        given = batch(mlp(), data.train.images, hidden)
        assert torch.equal(given.rows, rows)
        errors.append(loss(given).item())
    assert errors[0] < 0.3
    assert errors[1] > 0.8


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (np.zeros((11, 2)), "11 rows, but there are 12 train images"),
        (np.zeros(12), r"is float64 \(12,\)"),
        (np.zeros((12, 0)), r"is float64 \(12, 0\)"),
        (np.full((12, 2), "a"), "numbers"),
        (np.full((12, 2), np.nan), "NaN"),
        (np.stack([np.arange(12), np.ones(12)], axis=1), "column 1 of concepts is the same"),
    ],
)
def test_tables_that_cannot_serve_are_refused(tmp_path: Path, table: np.ndarray, message: str) -> None:
    with pytest.raises(DataError, match=message):
        load_concepts(written(tmp_path, table), 12)


def test_files_that_hold_no_table_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no concept table"):
        load_concepts(tmp_path / "nothing.npz", 12)
    with pytest.raises(DataError, match="no array concepts"):
        load_concepts(written(tmp_path, np.zeros((12, 2)), "other"), 12)
    damaged = tmp_path / "damaged.npz"
    damaged.write_bytes(b"PK\x03\x04 torn")
    with pytest.raises(DataError, match="not a readable"):
        load_concepts(damaged, 12)
    plain = tmp_path / "plain.npy"
    np.save(plain, np.zeros((12, 2)))
    with pytest.raises(DataError, match="no array concepts"):
        load_concepts(plain, 12)


def test_bits_are_numbers(tmp_path: Path) -> None:
    bits = np.arange(24).reshape(12, 2) % 3 == 0
    assert load_concepts(written(tmp_path, bits), len(IMAGES)).dtype == np.float64
