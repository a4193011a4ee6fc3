"""The card with its thresholds as they are on second data: letters drawn from fonts."""

from __future__ import annotations

import runpy
from functools import cache

import pytest
import torch

from tests.docs_tests.pages import ROOT
from tests.trainables_tests.validity_tests.cheats import CHEATS
from tests.trainables_tests.validity_tests.judged import LENSES, Trained, compared, trained
from trainables.config import TrialConfig
from trainables.data.dataset import ImageData, TensorSplit
from trainables.settings.sae import TopKSaeConfig
from trainables.validity.card import validity_card
from trainables.validity.floor import floors


@cache
def letters(train: int, scored: int, classifier_epochs: int, sae_epochs: int) -> Trained:
    drawn = runpy.run_path(str(ROOT / "examples" / "letters.py"))["letters"]
    images, labels = map(torch.from_numpy, drawn(train + scored))
    splits = [TensorSplit(images[part], labels[part]) for part in (slice(train), slice(train, None))]
    data = ImageData(*splits, n_classes=10, image_shape=(28, 28), key="letters")
    config = TrialConfig(sae=TopKSaeConfig(epochs=sae_epochs))
    return trained(data, config, classifier_epochs)


def test_an_honest_sae_stands_above_its_floor_and_above_cheats() -> None:
    honest = letters(1500, 1000, 8, 12)
    _, _, own = honest
    count = validity_card(own.subject, own.controls).readable()
    found = floors(own.subject, own.controls, own.train_hidden, 256, 8, 0, draws=64)
    assert count.value - count.se > max(readable.value + readable.se for readable, _ in found.values())
    for name in ("label_copies", "pairs"):
        _, cheat = compared(name, honest)
        assert cheat.value < count.value - (count.se**2 + cheat.se**2) ** 0.5


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in CHEATS if name not in (*LENSES, "prototypes")])
def test_no_cheat_beats_the_honest_sae(name: str) -> None:
    own, cheat = compared(name, letters(12_000, 8_000, 8, TrialConfig().sae.epochs))
    assert cheat.value < own.value - (own.se**2 + cheat.se**2) ** 0.5
