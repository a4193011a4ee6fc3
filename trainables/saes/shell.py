"""SAEs to be filled: of the width that their tensors have, whatever the settings asked for."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from trainables.saes.sparse_autoencoder import SparseAutoencoder
from trainables.settings.sae import SaeTrainingConfig


def sae_from(config: SaeTrainingConfig, tensors: Mapping[str, Tensor]) -> SparseAutoencoder:
    """The config's kind of SAE with these tensors; its latents may be fewer than `config.width`, because
    some were taken out after training (`sae_training.consolidation`)."""
    width, input_size = tensors["decoder"].shape
    sae = sae_shell(config, width, input_size)
    sae.load_state_dict(dict(tensors))
    return sae


def sae_shell(config: SaeTrainingConfig, width: int, input_size: int) -> SparseAutoencoder:
    """The config's kind with `width` latents, all tensors still at 0."""
    shape = config.model_copy(update={"width": width})
    sae: SparseAutoencoder = config.load_implementation()(shape, input_size)
    return sae


@torch.no_grad()
def narrowed(sae: SparseAutoencoder, config: SaeTrainingConfig, kept: Tensor) -> SparseAutoencoder:
    """An SAE of the latents `kept` (int64 (n,), at least one) alone, with all their tensors as they are."""
    tensors = {
        name: tensor if name in sae.OF_NO_LATENT else _of_latents(name, tensor, kept)
        for name, tensor in sae.state_dict().items()
    }
    return sae_from(config, tensors).to(sae.decoder.device).train(sae.training)


def _of_latents(name: str, tensor: Tensor, kept: Tensor) -> Tensor:
    """What of an SAE's tensor belongs to the latents `kept`; a single number as it is."""
    if tensor.dim() == 0:
        return tensor
    return tensor[:, kept] if name == "encoder" else tensor[kept]
