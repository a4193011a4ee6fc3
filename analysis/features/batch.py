"""What is computed for some dozens of latents at once, because alone they would waste the processor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from analysis.features import logit_contributions, shown
from analysis.features.attribution_maps import AttributionMaps
from analysis.features.dose import PixelReader
from analysis.features.inverted import Inverted, inverted
from analysis.features.logit_contributions import MeasuredSums
from analysis.features.observed import Observed
from trainables.inversion.image_prior import ImagePrior
from trainables.inversion.settings import InversionConfig


@dataclass(frozen=True)
class Tools:
    """What all batches share: the head's mean Jacobian (d, classes), attribution methods, what reads pixels
    back from the hidden layer, inversion."""

    observed: Observed
    jacobian: Tensor
    maps: AttributionMaps
    reader: PixelReader
    prior: ImagePrior
    inversion: InversionConfig
    seed: int


@dataclass(frozen=True)
class Batch:
    """Of l latents, entry by entry: u and z (n, l); rows of the top images; signed maps at them, by method;
    inversions of each; logit contributions (l, classes) and change of accuracy (l,)."""

    u: np.ndarray
    z: np.ndarray
    top: tuple[np.ndarray, ...]
    maps: tuple[Mapping[str, np.ndarray], ...]
    inversions: tuple[Inverted, ...]
    by_weights: np.ndarray
    measured: np.ndarray
    accuracy_change: np.ndarray

    @classmethod
    def of(cls, tools: Tools, latents: Tensor) -> Batch:
        """The batch of the latents (l,), with what their pages have in common."""
        observed = tools.observed
        u, z = observed.columns(latents)
        measured = MeasuredSums.none(len(latents), observed.logits.shape[1], observed.device)
        measured.add(observed, latents, z)
        codes = z.cpu().numpy()
        top = tuple(shown.top(column) for column in codes.T)
        return cls(
            u=u.cpu().numpy(),
            z=codes,
            top=top,
            maps=_maps(tools, latents, top),
            inversions=_inversions(tools, latents, z),
            by_weights=logit_contributions.by_weights(observed, latents, z, tools.jacobian).cpu().numpy(),
            measured=measured.mean_contributions().cpu().numpy(),
            accuracy_change=measured.accuracy_change().cpu().numpy(),
        )


def _maps(tools: Tools, latents: Tensor, top: tuple[np.ndarray, ...]) -> tuple[Mapping[str, np.ndarray], ...]:
    """Each latent's maps at its top images, all pairs in one go."""
    counts = [len(rows) for rows in top]
    rows = torch.from_numpy(np.concatenate(top)).to(latents.device)
    places = torch.repeat_interleave(torch.tensor(counts)).to(latents.device)
    maps = tools.maps(tools.observed.images[rows], latents, places)
    ends = np.cumsum(counts)[:-1]
    by_method = {name: np.split(values.cpu().numpy(), ends) for name, values in maps.items()}
    return tuple({name: parts[i] for name, parts in by_method.items()} for i in range(len(counts)))


def _inversions(tools: Tools, latents: Tensor, z: Tensor) -> tuple[Inverted, ...]:
    """One image of 0 for a latent that is silent: there is no unit to drive it by."""
    alive = (z > 0).any(dim=0)
    found = iter(
        inverted(tools.observed, latents[alive], z[:, alive], tools.prior, tools.inversion, tools.seed)
    )
    nothing = Inverted(z.new_zeros(1, *tools.observed.images.shape[1:]), z.new_zeros(1))
    return tuple(next(found) if fires else nothing for fires in alive.tolist())
