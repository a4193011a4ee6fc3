"""SAEs of every kind for the tests of their parts, their contract and their training."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from trainables.config import KINDS
from trainables.saes.sparse_autoencoder import SparseAutoencoder
from trainables.settings.sae import SaeTrainingConfig

R, F = 6, 20


def outputs(n: int = 300, r: int = R, seed: int = 0) -> Tensor:
    """y (n, r) as a basis gives them: centred, of no special size."""
    y = 3.7 * torch.randn(n, r, generator=torch.Generator().manual_seed(seed))
    return y - y.mean(0)


def sae_config(kind: str, **fields: Any) -> SaeTrainingConfig:
    """`fields`, as far as the kind has them, in a config of that kind; the rest are defaults."""
    model = KINDS["sae"][kind]
    known = {name: value for name, value in fields.items() if name in model.model_fields}
    config: SaeTrainingConfig = model(**known)  # type: ignore[assignment]
    return config


def shell(config: SaeTrainingConfig, r: int) -> SparseAutoencoder:
    """The config's SAE before it has any weights."""
    sae: SparseAutoencoder = config.load_implementation()(config, r)
    return sae


def build(kind: str, r: int = R, **fields: Any) -> SparseAutoencoder:
    """An SAE before its first step, by default of width 20 with 3 codes a sample."""
    sae = shell(
        sae_config(
            kind, **{"width": F, "k": 3, "target_l0": 3.0, "prefixes": 3, "detach_inner": False} | fields
        ),
        r,
    )
    sae.initialise(outputs(r=r), torch.Generator().manual_seed(0))
    return sae


def disturb(sae: SparseAutoencoder, seed: int = 1, size: float = 0.1) -> SparseAutoencoder:
    """Add noise to all parameters: at the start too many of them are equal or 0 to test a formula."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in sae.parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            parameter.add_(size * noise.to(parameter.dtype))
    return sae


def planted(
    n: int = 4000, r: int = R, latents: int = 24, active: int = 2, seed: int = 0
) -> tuple[Tensor, Tensor]:
    """y (n, r) = sparse codes times unit directions, `active` of `latents` at a time; and the directions."""
    g = torch.Generator().manual_seed(seed)
    directions = torch.nn.functional.normalize(torch.randn(latents, r, generator=g), dim=1)
    chosen = torch.rand(n, latents, generator=g).argsort(1) < active
    codes = chosen * (0.5 + torch.rand(n, latents, generator=g))
    return codes @ directions, directions


def mean_l0(sae: SparseAutoencoder, y: Tensor) -> float:
    """Mean number of codes above 0 on y (n, r)."""
    return float((sae.encode(y)[1] > 0).sum(1).double().mean())


def unexplained(sae: SparseAutoencoder, y: Tensor) -> float:
    """Share of the variance of y (n, r) that the SAE leaves over."""
    error = y - sae.decode(sae.encode(y)[1])
    return float(error.square().sum() / (y - y.mean(0)).square().sum())
