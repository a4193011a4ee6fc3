"""Concept supervision: what it learns and what it leaves free."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.trainables_tests.losses_tests.small_batches import batch, mlp, setup
from trainables.classifier.trainer import ClassifierTrainer
from trainables.data.dataset import load_dataset, to_tensors
from trainables.losses.concepts import ConceptSupervision
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


def test_a_control_takes_the_place_of_the_concepts_and_leaves_the_head(tmp_path: Path) -> None:
    path = str(written(tmp_path, np.random.default_rng(0).normal(size=(12, 4))))
    real, control = (
        ConceptSupervision(
            setup(concept_table=path, concept_part="half", concept_form="bits", concept_control=c)
        )
        for c in ("none", "permuted")
    )
    assert real.targets.shape == control.targets.shape == (12, 2)
    assert not torch.equal(real.targets, control.targets)
    assert torch.equal(real.targets.sort(dim=0).values, control.targets.sort(dim=0).values)
    assert real.head.weight.shape == (2, 3)
