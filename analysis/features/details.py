"""Latents one by one, in all detail."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from analysis.features import shown
from analysis.features.attribution_maps import AttributionMaps
from analysis.features.batch import Batch, Tools
from analysis.features.dose import dose_response, pixel_reader
from analysis.features.feature import FeatureDetail, FeatureTable
from analysis.features.inverted import settings_at
from analysis.features.logit_contributions import head_jacobian
from analysis.features.neighbours import correlations, cosines, nearest
from analysis.features.observed import Observed, observe, split_of
from trainables.data.dataset import Dataset
from trainables.data.stroke_mask import stroke_mask
from trainables.inversion.image_prior import fit_image_prior
from trainables.inversion.settings import InversionConfig
from trainables.model.feature_model import FeatureModel
from trainables.seeds import child_seed

# Called with the share of the work that is done, in [0, 1].
Progress = Callable[[float], None]
# 64 latents on 10,000 images: u and z are 5 MB, and a pass has about a thousand pairs.
LATENTS_AT_ONCE = 64


def feature_details(
    model: FeatureModel,
    table: FeatureTable,
    data: Dataset,
    latents: Sequence[int],
    *,
    progress: Progress = lambda _: None,
    inversion: InversionConfig | None = None,
    seed: int = 0,
) -> Iterator[FeatureDetail]:
    """The given latents of the table's model, in the order given, on the table's split of `data`.

    inversion None takes the usual settings, see `inverted.settings_at`. `seed` decides what is drawn; what
    one latent shows does not depend on which others are asked for.
    IndexError for a latent that the model does not have.
    """
    wrong = [j for j in latents if not 0 <= j < len(table)]
    if wrong:
        raise IndexError(f"there is no latent {wrong[0]}; the model has {len(table)}, from 0 on")
    if not latents:
        return
    observed = observe(model, split_of(data, table.split))
    tools = Tools(
        observed,
        head_jacobian(observed, seed),
        AttributionMaps(observed, seed),
        pixel_reader(observe(model, data.train)),
        fit_image_prior(torch.tensor(data.train.images, device=observed.device)),
        inversion or settings_at(float(table.density.sum())),
        seed,
    )
    wanted = torch.tensor(latents, device=observed.device)
    alike, together = cosines(observed, wanted), correlations(observed, wanted)
    for start in range(0, len(latents), LATENTS_AT_ONCE):
        some = wanted[start : start + LATENTS_AT_ONCE]
        batch = Batch.of(tools, some)
        for place, latent in enumerate(some.tolist()):
            number = start + place
            yield _detail(table, tools, batch, place, latent, alike[number], together[number])
            progress((number + 1) / len(latents))


def _detail(
    table: FeatureTable, tools: Tools, batch: Batch, place: int, latent: int, alike: Tensor, together: Tensor
) -> FeatureDetail:
    """Of the batch's latent at `place`, given its cosines and correlations with all latents (f,) each."""
    observed, z, u = tools.observed, batch.z[:, place], batch.u[:, place]
    labels = observed.labels.cpu().numpy()
    rng = np.random.default_rng(child_seed(tools.seed, "examples", latent))
    at = batch.top[place]
    top = observed.examples(at, z[at])
    active = shown.random_active(z, rng)
    missed = shown.near_misses(u, z, labels, int(table.top_class[latent]))
    counts, edges = shown.histogram(z, labels, table.n_classes)
    return FeatureDetail(
        latent=latent,
        top=top,
        attributions=batch.maps[place],
        stroke_masks=_stroke_masks(observed, at),
        intervals=shown.intervals(observed, z, rng),
        random_active=observed.examples(active, z[active]),
        near_misses=observed.examples(missed, z[missed]),
        inversions=batch.inversions[place].images.cpu().numpy(),
        inversion_activations=batch.inversions[place].activations.cpu().numpy(),
        best_activation=float(z.max(initial=0.0)),
        histogram=counts,
        edges=edges,
        class_given_active=counts.sum(axis=1) / max(1, counts.sum()),
        effect_weights=batch.by_weights[place],
        effect_ablation=batch.measured[place],
        ablation_accuracy=float(batch.accuracy_change[place]),
        dose=dose_response(observed, tools.reader, latent, torch.from_numpy(z).to(observed.device)),
        by_cosine=nearest(alike, latent),
        by_correlation=nearest(together, latent),
    )


def _stroke_masks(observed: Observed, rows: np.ndarray) -> np.ndarray:
    """bool (len(rows), h, w)."""
    return stroke_mask(observed.images[torch.from_numpy(rows).to(observed.device)]).cpu().numpy()
