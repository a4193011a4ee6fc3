"""The checks for strangers: all members of ours pass, and a member that breaks its word does not."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
import torch

from trainables import registry
from trainables.bases.raw import Raw
from trainables.losses.training_batch import TrainingBatch
from trainables.saes.topk import TopKSae
from trainables.settings.auxiliary import AuxiliaryConfig
from trainables.settings.basis import BasisConfig
from trainables.settings.data import DigitsConfig
from trainables.settings.planted import PlantedConfig
from trainables.settings.sae import TRAINING_VARIES, KSaeTrainingConfig
from trainables.settings.section import LossConfig
from trainables.testing import check_basis, check_data_source, check_loss, check_network, check_sae

HERE = __name__


@pytest.mark.parametrize("kind", registry.SAES)
def test_our_saes_pass(kind: str) -> None:
    config = registry.SAES[kind]
    few = {"width": 48, "k": 4, "target_l0": 4.0, "l1": 0.3}
    check_sae(config(**{name: value for name, value in few.items() if name in config.model_fields}))


@pytest.mark.parametrize("kind", registry.BASES)
def test_our_bases_pass(kind: str) -> None:
    config = registry.BASES[kind]
    check_basis(config(**({"components": 5} if "components" in config.model_fields else {})))


@pytest.mark.parametrize("kind", registry.CLASSIFIERS)
def test_our_networks_pass(kind: str) -> None:
    config = registry.CLASSIFIERS[kind]
    check_network(config(hidden_size=9) if "hidden_size" in config.model_fields else config())


@pytest.mark.parametrize("name", [n for n in AuxiliaryConfig.loss_classes() if n != "concepts"])
def test_our_losses_pass(name: str) -> None:
    check_loss(AuxiliaryConfig.loss_classes()[name]())


def test_our_data_sources_pass() -> None:
    check_data_source(DigitsConfig())
    check_data_source(PlantedConfig(images=400))


class SignedSae(TopKSae):
    """Codes of either sign."""

    def activate(self, u: torch.Tensor) -> torch.Tensor:
        return u - 1


class SignedConfig(KSaeTrainingConfig):
    """Its settings."""

    implementation: ClassVar[str] = f"{HERE}:SignedSae"


class CrowdSae(TopKSae):
    """A stack is more than it can tell from a batch: its k is spread over all members."""

    def activate(self, u: torch.Tensor) -> torch.Tensor:
        return u.relu() * (u > u.mean() + u.std() * len(u.shape))


class CrowdConfig(KSaeTrainingConfig):
    """It promises what it does not keep."""

    implementation: ClassVar[str] = f"{HERE}:CrowdSae"
    varying: ClassVar[frozenset[str] | None] = TRAINING_VARIES


class Shrinking(Raw):
    """No projection."""

    def decode(self, y: torch.Tensor) -> torch.Tensor:
        return 0.5 * super().decode(y)


class ShrinkingConfig(BasisConfig):
    """Its settings."""

    implementation: ClassVar[str] = f"{HERE}:Shrinking"


def upwards(batch: TrainingBatch) -> torch.Tensor:
    return batch.hidden.detach().mean() - 0 * batch.hidden.sum()


class UpwardsConfig(LossConfig):
    """No gradient."""

    implementation: ClassVar[str] = f"{HERE}:upwards"
    upwards: float = 0.0


def leaking(source: Any) -> Any:
    from dataclasses import replace

    parts = registry.DATASETS["digits"].load_implementation()(source)
    return replace(parts, val=parts.train)


class LeakingConfig(DigitsConfig):
    """Val is train."""

    implementation: ClassVar[str] = f"{HERE}:leaking"


@pytest.mark.parametrize(
    ("check", "said"),
    [
        (lambda: check_sae(SignedConfig(width=24)), "some codes are negative"),
        (lambda: check_sae(CrowdConfig(width=24)), "depend on what is encoded with it|in a stack"),
        (lambda: check_basis(ShrinkingConfig()), "no projection"),
        (lambda: check_loss(UpwardsConfig()), "no gradient"),
        (lambda: check_data_source(LeakingConfig()), "in another split too"),
    ],
)
def test_who_breaks_the_word_is_told(check: Any, said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        check()
