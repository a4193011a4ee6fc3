"""All rung metrics of one trained pipeline, as METRICS lists them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Protocol

import torch
from torch import Tensor

from trainables.errors import TrialDiverged
from trainables.metrics import junk, probe, sae_statistics, score, selectivity, splice
from trainables.metrics.top_images import TopImages

BATCH = 8192


class SupportsFeatures(Protocol):
    """A classifier and the SAE that reads its hidden layer."""

    def hidden(self, images: Tensor) -> Tensor:
        """Images (b, h, w) -> raw hidden activations (b, d)."""

    def head(self, h: Tensor) -> Tensor:
        """Hidden activations (b, d) -> logits (b, classes)."""

    def encode(self, h: Tensor) -> tuple[Tensor, Tensor]:
        """Hidden activations (b, d) -> pre-activations u (b, f) and codes z (b, f) >= 0."""

    def decode(self, z: Tensor) -> Tensor:
        """Codes (b, f) -> reconstruction (b, d) in the raw activation space."""


@dataclass(frozen=True)
class _Train:
    """What one pass over train leaves: the codes themselves are never held together."""

    h: Tensor  # (n, d)
    firing: Tensor  # (f,) images each latent fires on
    top_labels: Tensor  # (50, f)
    probe_codes: Tensor  # (rows, f)


@dataclass(frozen=True)
class _Val:
    h: Tensor  # (n, d)
    z: Tensor  # (n, f)
    h_hat: Tensor  # (n, d)


def rung_metrics(
    model: SupportsFeatures,
    untrained: Callable[[Tensor], Tensor],
    train_images: Tensor,
    train_labels: Tensor,
    val_images: Tensor,
    val_labels: Tensor,
    *,
    score_parts: Sequence[str],
    seed: int,
    classifier_metrics: Mapping[str, float],
) -> dict[str, float]:
    """Every rung metric by its name in `metric_table`, as finite floats.

    untrained: images -> hidden activations of the same architecture before training. `seed` decides the
    sampled latents, the directions and the noise. All tensors live on the model's device. Raises
    TrialDiverged, naming the metric, if one is not finite.
    """
    n_classes = int(torch.cat([train_labels, val_labels]).max()) + 1
    rows = probe.probe_rows(train_images.shape[0]).to(train_images.device)
    train = _pass_train(model, train_images, train_labels, rows)
    val = _pass_val(model, val_images)
    alive = sae_statistics.alive_mask(train.firing)

    null = selectivity.null_curve(train.h, train_labels, n_classes, seed)
    purity = selectivity.purity(train.top_labels, train.firing, null, n_classes)
    latents = junk.latent_junk(
        lambda x: model.encode(model.hidden(x))[0], val.z, alive, val_images, val_labels, seed
    )
    reference = junk.untrained_junk(untrained, val_images, val_labels, seed)
    spliced = splice.splice(model.head, val.h, val.h_hat, val_labels)
    fit_labels = train_labels[rows]
    read = probe.probe_accuracy(train.probe_codes, fit_labels, val.z, val_labels, n_classes)
    read_raw = probe.probe_accuracy(train.h[rows], fit_labels, val.h, val_labels, n_classes)

    parts = {
        "junk": (1.0 - latents.value()) * latents.measurable,
        "purity": purity.skill * purity.judged,
        "alive": sae_statistics.alive_fraction(train.firing),
        "splice": spliced.ce_recovered,
        "probe": score.above_chance(read, probe.majority_accuracy(fit_labels, val_labels, n_classes)),
    }
    firing = sae_statistics.firing_fractions(train.firing, train_images.shape[0])
    return _finite(
        {
            **classifier_metrics,
            "probe/accuracy": read,
            "probe/raw_accuracy": read_raw,
            "sae/l0": sae_statistics.l0(val.z),
            "sae/fvu": sae_statistics.fvu(val.h, val.h_hat),
            "sae/dead_fraction": firing.dead,
            "sae/rare_fraction": firing.rare,
            "sae/dense_fraction": firing.dense,
            "splice/accuracy_drop": spliced.accuracy_drop,
            "splice/ce_recovered": spliced.ce_recovered,
            "selectivity/purity": purity.value,
            "selectivity/purity_null": purity.null,
            "selectivity/purity_skill": purity.skill,
            "selectivity/purity_left_out": purity.left_out,
            "attribution/junk": latents.value(),
            "attribution/junk_null": 1.0,
            "attribution/junk_skill": 1.0 - latents.value(),
            "attribution/junk_untrained": reference.value(),
            "attribution/specificity": latents.mean_specificity(),
            "interpretability/score": score.interpretability_score(parts, score_parts),
        }
    )


@torch.no_grad()
def _pass_train(model: SupportsFeatures, images: Tensor, labels: Tensor, rows: Tensor) -> _Train:
    top = TopImages(selectivity.TOP, images.shape[0], images.device)
    wanted = torch.zeros(images.shape[0], dtype=torch.bool, device=images.device)
    wanted[rows] = True
    hs, codes, firing = [], [], torch.zeros((), dtype=torch.int64, device=images.device)
    for part, keep in zip(images.split(BATCH), wanted.split(BATCH), strict=True):
        h = model.hidden(part)
        z = model.encode(h)[1]
        top.update(z)
        firing = firing + sae_statistics.firing_counts(z)
        hs.append(h)
        codes.append(z[keep])
    return _Train(torch.cat(hs), firing, labels[top.images()], torch.cat(codes))


@torch.no_grad()
def _pass_val(model: SupportsFeatures, images: Tensor) -> _Val:
    h = torch.cat([model.hidden(part) for part in images.split(BATCH)])
    z = torch.cat([model.encode(part)[1] for part in h.split(BATCH)])
    return _Val(h, z, torch.cat([model.decode(part) for part in z.split(BATCH)]))


def _finite(metrics: Mapping[str, float]) -> dict[str, float]:
    for name, value in metrics.items():
        if not isfinite(value):
            raise TrialDiverged(f"{name} is {value}, not a finite number")
    return {name: float(value) for name, value in metrics.items()}
