"""Models of every kind of SAE on every basis, on their way out."""

from __future__ import annotations

import torch
from torch import Tensor

from analysis.export_formats.folded import fold
from analysis.export_formats.subject import Subject
from analysis.trial_model import TrialModel
from tests.trainables_tests.sae_builders import disturb
from trainables import registry
from trainables.bases.basis import Basis
from trainables.config import KINDS, TrialConfig
from trainables.data.dataset import Dataset
from trainables.model.feature_model import FeatureModel
from trainables.networks.network import build_network
from trainables.saes.jumprelu import JumpReluSae
from trainables.saes.sparse_autoencoder import SparseAutoencoder
from trainables.seeds import generator

D, F, K, CLASSES = 12, 20, 3, 4
# Codes that follow from more than pre-activations, or by a rule that no format has.
WITHOUT_A_RULE = ("matryoshka_lista", "block", "dictionary", "nmf", "semi_nmf")
SAES = tuple(kind for kind in registry.SAES if kind not in WITHOUT_A_RULE)
BASES = tuple(registry.BASES)
EVERY_SAE_ON_EVERY_BASIS = [(sae, basis) for sae in SAES for basis in BASES]
PLAIN: dict[str, object] = {"kind": "mlp"}


def images(n: int = 64, side: int = 8, seed: int = 1) -> Tensor:
    """Noise (n, side, side) in [0, 1]."""
    return torch.rand(n, side, side, generator=generator(seed))


def config_of(sae: str, basis: str, classifier: dict[str, object] = PLAIN) -> TrialConfig:
    """Small sizes, as far as a kind has them."""
    wanted = {"components": 6, "width": F, "k": K, "target_l0": 3.0, "prefixes": 3}
    sized = "hidden_size" in KINDS["classifier"][str(classifier["kind"])].model_fields
    sections: dict[str, dict[str, object]] = {
        "classifier": {"hidden_size": D, **classifier} if sized else dict(classifier)
    }
    for section, kind in (("basis", basis), ("sae", sae)):
        known = KINDS[section][kind].model_fields
        own: dict[str, object] = {name: value for name, value in wanted.items() if name in known}
        sections[section] = {"kind": kind, **own}
    return TrialConfig.model_validate(sections)


def model_of(config: TrialConfig, side: int = 8) -> FeatureModel:
    """Fitted basis and scale; parameters that no two are alike, as a training leaves them."""
    network = build_network(config.classifier, (side, side), CLASSES, generator(0))
    h = network.hidden(images(300, side, seed=2)).detach()
    basis: Basis = config.basis.load_implementation().fit(h, config.basis, 0)
    sae: SparseAutoencoder = config.sae.load_implementation()(config.sae, basis.rank)
    sae.initialise(basis.encode(h), generator(3))
    disturb(sae)
    if isinstance(sae, JumpReluSae):
        sae.threshold.data.abs_().add_(0.1)
    sae.eval().calibrate(basis.encode(h) * sae.scale)
    return FeatureModel(network, basis, sae).requires_grad_(False).eval()


def subject(
    sae: str = "topk", basis: str = "raw", classifier: dict[str, object] = PLAIN, side: int = 8
) -> Subject:
    """Trial 3 of a run that never was."""
    config = config_of(sae, basis, classifier)
    features = model_of(config, side)
    meta = {"image_shape": [side, side], "n_classes": CLASSES}
    facts = {"run": "tiny", "trial": 3, "config": config.model_dump(mode="json"), "data": {"name": "digits"}}
    return Subject(
        TrialModel(3, config, features, meta, _no_data),
        fold(features),
        facts,
        images(side=side),
        "noise images",
    )


def _no_data() -> Dataset:
    raise AssertionError("an export looks at no images of the run")


def hidden_and_codes(subject: Subject) -> tuple[Tensor, Tensor]:
    """h (n, d) of the probes and the trial's own z (n, f)."""
    with torch.no_grad():
        h = subject.model.features.hidden(subject.probes)
        return h, subject.model.features.encode(h)[1]
