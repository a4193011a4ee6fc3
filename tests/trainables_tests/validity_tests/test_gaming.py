"""No cheat comes out above the honestly trained SAE of the same network."""

from __future__ import annotations

import os

import pytest
import torch

from tests.trainables_tests.validity_tests.cheats import CHEATS
from tests.trainables_tests.validity_tests.judged import Trained, digits, known, mnist
from trainables.validity.card import Count, validity_card
from trainables.validity.subject import subject_of

# The honest SAE behind another lens: no worse, and by that no better.
LENSES = ("dead_zone", "quantised", "noise_width")


def compared(name: str, honest: Trained) -> tuple[Count, Count]:
    """`readable` of the honest SAE and of the cheat over it."""
    data, model, trained = honest
    own = validity_card(trained.subject, trained.controls).readable()
    with torch.no_grad():
        cheat = CHEATS[name](known(data, model, trained.train_hidden))
        hidden, train_hidden = cheat.hidden(data.val.images), cheat.hidden(data.train.images)
        subject = subject_of(cheat, data.val.images, data.val.labels, hidden, train_hidden)
    return own, validity_card(subject, trained.controls).readable()


@pytest.mark.parametrize("name", CHEATS)
def test_no_cheat_beats_the_honest_sae(name: str) -> None:
    own, cheat = compared(name, digits())
    error = (own.se**2 + cheat.se**2) ** 0.5
    assert cheat.value < own.value + (2 * error if name in LENSES else 0)


@pytest.mark.slow
@pytest.mark.skipif("SAE_SEARCH_DATA" not in os.environ, reason="needs MNIST's files")
@pytest.mark.parametrize("name", [name for name in CHEATS if name not in (*LENSES, "prototypes")])
def test_no_cheat_beats_the_honest_sae_on_mnist(name: str) -> None:
    own, cheat = compared(name, mnist())
    assert cheat.value < own.value - (own.se**2 + cheat.se**2) ** 0.5
