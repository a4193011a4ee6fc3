"""The checks for strangers: all members of ours pass, and a member that breaks its word does not."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest
import torch

from trainables import registry
from trainables.attribution.gradient import Gradient
from trainables.attribution.settings import GradientConfig
from trainables.bases.raw import Raw
from trainables.classifier.plain import PlainLoop
from trainables.losses.training_batch import TrainingBatch
from trainables.metrics.catalog import OURS
from trainables.metrics.metric import Metric
from trainables.networks.front_ends.pixels import Pixels
from trainables.saes.topk import TopKSae
from trainables.settings.auxiliary import AuxiliaryConfig
from trainables.settings.basis import BasisConfig
from trainables.settings.data import DigitsConfig
from trainables.settings.loop import NoLoopConfig
from trainables.settings.planted import PlantedConfig
from trainables.settings.sae import TRAINING_VARIES, KSaeTrainingConfig
from trainables.settings.section import LossConfig
from trainables.testing import (
    check_attribution,
    check_basis,
    check_concept_table,
    check_data_source,
    check_front_end,
    check_latent_loss,
    check_loop,
    check_loss,
    check_metric,
    check_network,
    check_sae,
)

HERE = __name__
BATCH_TOPK = {"kind": "batch_topk", "width": 16, "k": 3, "epochs": 2}


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


@pytest.mark.parametrize("name", registry.LATENT_LOSSES)
def test_our_losses_on_latents_pass(name: str) -> None:
    check_latent_loss(registry.LATENT_LOSSES[name]())


def test_our_data_sources_pass() -> None:
    check_data_source(DigitsConfig())
    check_data_source(PlantedConfig(images=400))


@pytest.mark.parametrize("metric", OURS, ids=lambda metric: metric.name)
def test_our_metrics_pass(metric: Metric) -> None:
    if metric.when == "epoch":
        pytest.skip("measured by the training itself")
    check_metric(metric)


@pytest.mark.parametrize("kind", registry.ATTRIBUTIONS)
def test_our_attributions_pass(kind: str) -> None:
    check_attribution(registry.ATTRIBUTIONS[kind]())


@pytest.mark.parametrize("name", registry.FRONT_ENDS)
def test_our_front_ends_pass(name: str) -> None:
    check_front_end(registry.FRONT_ENDS[name])


@pytest.mark.parametrize("name", registry.CONCEPT_TABLES)
def test_our_concept_tables_pass(name: str) -> None:
    check_concept_table(registry.CONCEPT_TABLES[name])


@pytest.mark.parametrize("kind", registry.LOOPS)
def test_our_loops_pass(kind: str) -> None:
    config = registry.LOOPS[kind]
    few = {name: 2 for name in ("epochs", "cycles") if name in config.model_fields}
    check_loop(config(**few), **({"sae": BATCH_TOPK} if kind == "joint" else {}))


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


class Flipped(Pixels):
    """Below 0."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return -super().forward(images)


def counted(inputs: Any) -> float:
    """Draws from the global generator."""
    return float(inputs.measured.val_z.mean() + torch.rand(()))


def of_the_living(inputs: Any) -> float:
    return float(inputs.measured.val_z[:, inputs.measured.alive].mean())


class Batchwise(Gradient):
    """Scaled by the largest of the batch."""

    def maps(self, *given: Any) -> torch.Tensor:
        found = super().maps(*given)
        return found / found.abs().max()


class BatchwiseConfig(GradientConfig):
    """Its settings."""

    implementation: ClassVar[str] = f"{HERE}:Batchwise"


class Forgetful(PlainLoop):
    """Leaves half of its state behind."""

    def restore(self, tensors: Any, facts: Any) -> None:
        super().restore({**tensors, **{k: 0 * t for k, t in tensors.items() if k.endswith("weight")}}, facts)


class ForgetfulConfig(NoLoopConfig):
    """Its settings."""

    implementation: ClassVar[str] = f"{HERE}:Forgetful"
    kind: str = f"{HERE}:ForgetfulConfig"


@pytest.mark.parametrize(
    ("check", "said"),
    [
        (lambda: check_metric(Metric("own/a", "a", "max", counted)), "the same seed gives"),
        (lambda: check_metric(Metric("own/a", "a", "max", of_the_living)), "on dead latents: own/a nan"),
        (lambda: check_metric(Metric("own/a", "", "max", lambda _: 0.0)), "no description"),
        (lambda: check_attribution(BatchwiseConfig()), "depends on the pairs beside it"),
        (lambda: check_front_end(Flipped), "some features are negative"),
        (lambda: check_concept_table(lambda t: np.ones((len(t), 1))), "the same for all images"),
        (lambda: check_loop(ForgetfulConfig()), "it takes other steps"),
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
