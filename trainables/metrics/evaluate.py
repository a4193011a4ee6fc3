"""All rung metrics of one trained pipeline, as METRICS lists them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isfinite

from torch import Tensor

from trainables.errors import TrialDiverged
from trainables.metrics import (
    background_sensitivity,
    junk,
    pca_reference,
    probe,
    sae_statistics,
    score,
    score_parts,
    selectivity,
    splice,
)
from trainables.metrics.measured import Measured, measure
from trainables.metrics.references import References, purity_scale, rung_references
from trainables.model.interface import SupportsFeatures


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
    """Every rung metric by its name in `metric_table`, as finite floats, from the images on.

    untrained: images -> hidden activations of the same architecture before training. `seed` decides the
    sampled latents, the directions and the noise. All tensors live on the model's device. Raises
    TrialDiverged, naming the metric, if one is not finite.
    """
    measured = measure(model, train_images, train_labels, val_images, val_labels)
    references = rung_references(measured.activations, untrained, seed)
    return {
        **finite(classifier_metrics),
        **measured_rung_metrics(measured, references, score_parts, seed),
    }


def measured_rung_metrics(
    measured: Measured, references: References, listed: Sequence[str], seed: int
) -> dict[str, float]:
    """Every rung metric but the classifier's own, from what was measured; `listed` are the score's parts."""
    a, z = measured.activations, measured.val_z
    own, last = selectivity.latent_purities(measured.top_labels, measured.firing, a.n_classes)
    purity = selectivity.purity(
        measured.top_labels, measured.firing, references["purity_random"], a.n_classes
    )
    latents = junk.latent_junk(
        lambda x: measured.model.encode(measured.model.hidden(x))[0],
        z,
        measured.alive,
        a.val_images,
        a.val_labels,
        seed,
    )
    spliced = splice.splice(measured.model.head, a.val_h, measured.val_h_hat, a.val_labels)
    read = probe.probe_accuracy(measured.row_codes, a.row_labels, z, a.val_labels, a.n_classes)
    f = z.shape[1]
    parts = {
        "junk": score_parts.junk_part(
            latents, f, score_parts.junk_chance(references["junk_untrained"]), seed
        ),
        "purity": score_parts.purity_part(own, last, f, purity_scale(references)),
        "alive": sae_statistics.alive_fraction(measured.firing),
        "splice": spliced.ce_recovered,
        "probe": score.above_chance(read, probe.majority_accuracy(a.row_labels, a.val_labels, a.n_classes)),
    }
    firing = sae_statistics.firing_fractions(measured.firing, a.train_h.shape[0])
    l0 = sae_statistics.l0(z)
    return finite(
        {
            "probe/accuracy": read,
            "probe/raw_accuracy": float(references["raw_accuracy"]),
            "sae/l0": l0,
            "sae/fvu": sae_statistics.fvu(a.val_h, measured.val_h_hat),
            "sae/fvu_pca": pca_reference.at_components(references["fvu_pca"], l0),
            "sae/dead_fraction": firing.dead,
            "sae/rare_fraction": firing.rare,
            "sae/dense_fraction": firing.dense,
            "splice/accuracy_drop": spliced.accuracy_drop,
            "splice/ce_recovered": spliced.ce_recovered,
            "selectivity/purity": purity.value,
            "selectivity/purity_null": purity.null,
            "selectivity/purity_skill": purity.skill,
            "selectivity/purity_pca": selectivity.at_own_count(references["purity_pca"], last),
            "selectivity/purity_neurons": selectivity.at_own_count(references["purity_neurons"], last),
            "selectivity/purity_left_out": purity.left_out,
            "attribution/junk": latents.value(),
            "attribution/junk_null": 1.0,
            "attribution/junk_skill": 1.0 - latents.value(),
            "attribution/junk_untrained": float(references["junk_untrained"].mean()),
            "attribution/specificity": latents.mean_specificity(),
            "attribution/junk_far": latents.far_value(),
            "attribution/junk_far_null": 1.0,
            "attribution/junk_far_skill": 1.0 - latents.far_value(),
            "attribution/junk_far_untrained": float(references["junk_far_untrained"].mean()),
            "attribution/background_sensitivity": background_sensitivity.of_latents(measured, seed),
            "attribution/background_sensitivity_untrained": float(references["background_untrained"]),
            **{f"interpretability/{name}": value for name, value in parts.items()},
            "interpretability/score": score.interpretability_score(parts, listed),
        }
    )


def finite(metrics: Mapping[str, float]) -> dict[str, float]:
    """The metrics as floats; TrialDiverged, naming the metric, if one is not finite."""
    for name, value in metrics.items():
        if not isfinite(value):
            raise TrialDiverged(f"{name} is {value}, not a finite number")
    return {name: float(value) for name, value in metrics.items()}
