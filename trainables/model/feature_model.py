"""The finished product of a trial: a classifier, a basis of its hidden layer, and an SAE over that basis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import torch
from torch import Tensor, nn

from trainables.bases.basis import Basis
from trainables.config import TrialConfig
from trainables.networks.network import Network, build_network
from trainables.saes.shell import sae_from
from trainables.saes.sparse_autoencoder import SparseAutoencoder
from trainables.seeds import generator

# Where a finished trial's checkpoint holds the model.
PREFIX = "model."


class FeatureModel(nn.Module):
    """images (b, h, w) -> hidden h (b, d) -> codes z (b, f) -> h^ (b, d) -> logits (b, classes).

    Codes and pre-activations are the SAE's; `decode` ends in the raw activation space, so that what is
    measured there can be compared between bases.
    """

    def __init__(self, classifier: Network, basis: Basis, sae: SparseAutoencoder) -> None:
        super().__init__()
        self.classifier = classifier
        self.basis = basis
        self.sae = sae

    def hidden(self, images: Tensor) -> Tensor:
        """h (b, d) >= 0 of images (b, h, w) in [0, 1]."""
        return self.classifier.hidden(images)

    def head(self, h: Tensor) -> Tensor:
        """Logits (b, classes) of h (b, d), be it measured or reconstructed."""
        return self.classifier.head(h)

    def encode(self, h: Tensor) -> tuple[Tensor, Tensor]:
        """Pre-activations u and codes z >= 0, both (b, f), of h (b, d)."""
        return self.sae.encode(self.basis.encode(h))

    def decode(self, z: Tensor) -> Tensor:
        """h^ (b, d) of codes z (b, f)."""
        return self.basis.decode(self.sae.decode(z))

    def tensors(self) -> dict[str, Tensor]:
        """All weights and buffers by name; `from_tensors` is the way back."""
        return {name: tensor.detach() for name, tensor in self.state_dict().items()}

    @classmethod
    def from_tensors(
        cls,
        config: TrialConfig,
        image_shape: tuple[int, int],
        n_classes: int,
        tensors: Mapping[str, Tensor],
        device: torch.device | str = "cpu",
    ) -> Self:
        """The model that gave `tensors`, for reading only. RuntimeError if they are another config's."""
        # The seed is of no consequence: every weight is overwritten.
        classifier = build_network(config.classifier.without_files(), image_shape, n_classes, generator(0))
        basis: Basis = config.basis.load_implementation()(config.basis, classifier.hidden_size)
        # Filled first: some bases learn only from their tensors how many outputs they have.
        basis.load_state_dict(
            {k.removeprefix("basis."): v for k, v in tensors.items() if k.startswith("basis.")}
        )
        sae = sae_from(
            config.sae, {k.removeprefix("sae."): v for k, v in tensors.items() if k.startswith("sae.")}
        )
        model = cls(classifier, basis, sae)
        model.load_state_dict(dict(tensors))
        return model.requires_grad_(False).eval().to(device)


def load_feature_model(
    tensors: Mapping[str, Tensor], meta: Mapping[str, Any], device: torch.device | str = "cpu"
) -> FeatureModel:
    """The model in a finished trial's checkpoint, given what `checkpoint.load_newest` returns for it.

    ValueError if the trial had not finished.
    """
    own = {name.removeprefix(PREFIX): tensor for name, tensor in tensors.items() if name.startswith(PREFIX)}
    if not own:
        raise ValueError(
            f"the checkpoint at rung {meta['rung']} is not a finished trial's: it holds no model yet"
        )
    height, width = meta["image_shape"]
    config = TrialConfig.model_validate(meta["config"])
    return FeatureModel.from_tensors(config, (height, width), meta["n_classes"], own, device)
