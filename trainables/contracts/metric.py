"""What a metric promises."""

from __future__ import annotations

from functools import cache
from math import isfinite

import torch
from torch import Tensor

from trainables.bases.raw import Raw
from trainables.contracts.promise import generator, holds
from trainables.data.dataset import ImageData, load_dataset, to_tensors
from trainables.metrics.concept_alignment import Concepts
from trainables.metrics.evaluate import compute_references
from trainables.metrics.inputs import MetricInputs, ReferenceInputs
from trainables.metrics.measured import Measured, measure
from trainables.metrics.metric import Metric
from trainables.model.feature_model import FeatureModel
from trainables.networks.network import build_network
from trainables.sae_training.train import train_sae
from trainables.settings.basis import RawBasisConfig
from trainables.settings.classifier import MlpClassifierConfig
from trainables.settings.sae import TopKSaeConfig


def check_metric(metric: Metric) -> None:
    """It computes what it declares, finite numbers, the same for the same seed and from no other generator;
    it leaves codes and activations as they are; and it has a number for a pipeline whose latents are dead."""
    holds(metric.description.strip(), "it has no description")
    holds(metric.name.count("/") == 1, f"its name {metric.name} is not of the form group/name")
    inputs = _inputs(metric, dead=False)
    codes, hidden = inputs.measured.val_z.clone(), inputs.measured.activations.val_h.clone()
    torch.manual_seed(0)
    first = _values(metric, inputs)
    torch.manual_seed(99)
    again = _values(metric, _inputs(metric, dead=False))
    holds(first == again, f"the same seed gives {again}, before it was {first}")
    untouched = torch.equal(codes, inputs.measured.val_z) and torch.equal(
        hidden, inputs.measured.activations.val_h
    )
    holds(untouched, "it changes the codes or the activations, which other metrics read after it")
    null, skill = (first.get(f"{metric.name}_{part}") for part in ("null", "skill"))
    holds(bool(metric.null) == (null is not None), "it declares a chance level and computes none")
    holds(skill is None or skill <= 1 + 1e-5, f"its skill is {skill}, above 1: better than perfect")
    _values(metric, _inputs(metric, dead=True), " on dead latents")


def _values(metric: Metric, inputs: MetricInputs, when: str = "") -> dict[str, float]:
    with torch.no_grad():
        values = metric.measure(inputs)
    wrong = [f"{name} {value}" for name, value in values.items() if not isfinite(value)]
    holds(not wrong, f"not a finite number{when}: {', '.join(wrong)}")
    return values


def _inputs(metric: Metric, *, dead: bool) -> MetricInputs:
    model, measured, data = _looked_at(dead)
    untrained = build_network(MlpClassifierConfig(hidden_size=16), data.image_shape, 10, generator(9)).hidden
    references = compute_references((metric,), ReferenceInputs(measured.activations, untrained, 0))
    return MetricInputs(measured, references, untrained, 0, lambda: model, concepts=_named(measured))


def _named(measured: Measured) -> Concepts:
    """Three things to say of the images, one of them held out."""

    def bits(images: Tensor) -> Tensor:
        parts = images.sum(dim=(1, 2)), images[:, :4].sum(dim=(1, 2)), images[:, :, :4].sum(dim=(1, 2))
        return torch.stack([part > part.quantile(0.7) for part in parts], dim=1)

    a = measured.activations
    held_out = torch.tensor([False, False, True])
    return Concepts(("ink", "upper", "left"), bits(a.train_images[a.rows]), bits(a.val_images), held_out)


@cache
def _looked_at(dead: bool) -> tuple[FeatureModel, Measured, ImageData]:
    """A small pipeline on digits, also with an SAE that never fires."""
    data = to_tensors(load_dataset("digits", limit=120))
    network = build_network(MlpClassifierConfig(hidden_size=16), data.image_shape, 10, generator(0)).eval()
    hidden = network.hidden(data.train.images).detach()
    basis = Raw.fit(hidden, RawBasisConfig(), 0)
    y = basis.encode(hidden)
    sae = train_sae(TopKSaeConfig(width=24, k=4), y, epochs=3, seed=0, device="cpu").sae
    if dead:
        sae.encoder_bias.data.fill_(-1e6)
    model = FeatureModel(network, basis, sae)
    splits = (data.train.images, data.train.labels, data.val.images, data.val.labels)
    return model, measure(model, *splits), data
