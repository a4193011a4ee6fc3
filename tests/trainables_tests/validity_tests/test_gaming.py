"""No cheat comes out above the honestly trained SAE of the same network."""

from __future__ import annotations

import os

import pytest

from tests.trainables_tests.validity_tests.cheats import CHEATS
from tests.trainables_tests.validity_tests.judged import LENSES, compared, digits, mnist


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
