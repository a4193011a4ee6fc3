"""Every metric's name, meaning and direction, without importing torch.

`n` names the plain value; a metric with a null is reported as three: `n`, `n_null`, `n_skill`.
The space check looks objectives and constraints up here; leaderboards take directions from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Mode = Literal["max", "min"]
# epoch: after every classifier epoch; rung: at every rung; final: once, at full budget; confirm: only when a
# finished configuration is confirmed on the test split.
When = Literal["epoch", "rung", "final", "confirm"]


@dataclass(frozen=True)
class MetricInfo:
    """What a metric says, which way is better, and when it exists first."""

    description: str
    mode: Mode | None
    when: When = "rung"


def _with_null(name: str, info: MetricInfo) -> dict[str, MetricInfo]:
    return {
        name: info,
        f"{name}_null": MetricInfo(f"chance level of {name} on the same data", None, info.when),
        f"{name}_skill": MetricInfo(f"{name} from chance (0) to perfect (1)", "max", info.when),
    }


def _selectivity(name: str, description: str) -> dict[str, MetricInfo]:
    name = f"selectivity/{name}"
    return {
        **_with_null(name, MetricInfo(description, "max", "final")),
        f"{name}_pca": MetricInfo(f"{name} of plus and minus PCA directions (reference)", None, "final"),
        f"{name}_neurons": MetricInfo(f"{name} of the hidden units themselves (reference)", None, "final"),
    }


def _with_reference(name: str, description: str, mode: Mode) -> dict[str, MetricInfo]:
    section, _, own = name.partition("/")
    return {
        name: MetricInfo(description, mode, "final"),
        f"{section}/raw_{own}": MetricInfo(f"{name} of the hidden activations (reference)", None, "final"),
    }


_PARTS = {
    "junk": "latents' credit for looking at strokes",
    "purity": "latents' credit for pure top images",
    "alive": "share of latents that fire",
    "splice": "cross entropy recovered from mean ablation",
    "probe": "accuracy of the probe on the codes above the majority class",
}

METRICS: dict[str, MetricInfo] = {
    "classifier/accuracy": MetricInfo("share of val images the network classifies right", "max", "epoch"),
    "classifier/ce": MetricInfo("cross entropy of the network on val, nats", "min", "epoch"),
    "probe/accuracy": MetricInfo("logistic regression on the codes, val accuracy", "max"),
    "probe/raw_accuracy": MetricInfo("the same probe on the hidden activations (reference)", None),
    "sae/l0": MetricInfo("mean number of non-zero codes per val image", "min"),
    "sae/fvu": MetricInfo(
        "unexplained share of the raw activations' variance on val; mean predictor = 1", "min"
    ),
    "sae/fvu_pca": MetricInfo("the same of PCA with as many components as sae/l0 (reference)", None),
    "sae/dead_fraction": MetricInfo("latents that fire on no train image", "min"),
    "sae/rare_fraction": MetricInfo(
        "latents that fire on fewer than 0.1 % of train images, dead ones included", "min"
    ),
    "sae/dense_fraction": MetricInfo("latents that fire on more than half of the train images", "min"),
    "splice/accuracy_drop": MetricInfo("accuracy lost when the network runs on the reconstruction", "min"),
    "splice/ce_recovered": MetricInfo("cross entropy recovered from mean ablation; 1 = all", "max"),
    **_with_null(
        "selectivity/purity", MetricInfo("majority class share of each latent's top-50 firing images", "max")
    ),
    "selectivity/purity_pca": MetricInfo("purity of plus and minus PCA directions (reference)", None),
    "selectivity/purity_neurons": MetricInfo("purity of the hidden units themselves (reference)", None),
    "selectivity/purity_left_out": MetricInfo("alive latents with too few firing images for a purity", None),
    **_with_null(
        "attribution/junk",
        MetricInfo("latent input-gradient outside the strokes; 1 = chance, 0 = none", "min"),
    ),
    "attribution/junk_untrained": MetricInfo("junk of the same architecture, untrained (reference)", None),
    "attribution/specificity": MetricInfo(
        "gradient share on the own stroke mask minus that on a same-class image's", "max"
    ),
    **_with_null(
        "attribution/junk_far",
        MetricInfo("latent input-gradient outside the digit's convex hull; 1 = chance, 0 = none", "min"),
    ),
    "attribution/junk_far_untrained": MetricInfo(
        "junk_far of the same architecture, untrained (reference)", None
    ),
    "attribution/background_sensitivity": MetricInfo(
        "relative change of a latent's code when noise is laid on the background", "min"
    ),
    "attribution/background_sensitivity_untrained": MetricInfo(
        "the same of the same architecture, untrained (reference)", None
    ),
    **_with_null(
        "attribution/gini",
        MetricInfo("concentration of a latent's gradient map; uniform = 0", "max", "final"),
    ),
    "attribution/gini_untrained": MetricInfo(
        "the same of the same architecture, untrained (reference)", None, "final"
    ),
    **_with_null(
        "attribution/deletion",
        MetricInfo("code left while the pixels a map ranks first are resampled, area", "min", "confirm"),
    ),
    **_with_null(
        "attribution/insertion",
        MetricInfo("code regained while the pixels a map ranks first are shown, area", "max", "confirm"),
    ),
    "attribution/randomisation": MetricInfo(
        "rank correlation of maps before and after redrawing the network; should be near 0", None, "confirm"
    ),
    "inversion/colour_gap": MetricInfo(
        "live latents that fire for the background's colour, not for shapes", "min", "final"
    ),
    "inversion/colour_gap_neurons": MetricInfo("the same of the hidden units (reference)", None, "final"),
    **_with_null(
        "inversion/purity",
        MetricInfo("a latent's share of the code mass on its own inversion", "max", "confirm"),
    ),
    "inversion/purity_best_real": MetricInfo(
        "the same on the purest real image (reference)", None, "confirm"
    ),
    "inversion/purity_top_mean": MetricInfo(
        "the same on the mean of the top 16 images (reference)", None, "confirm"
    ),
    "inversion/rank": MetricInfo("a latent's rank among the masses on its inversion", "min", "confirm"),
    "inversion/drive": MetricInfo(
        "a latent's code on its inversion over its 99th percentile", "max", "confirm"
    ),
    "inversion/tv_ratio": MetricInfo("total variation of inversions; the data's median = 1", None, "confirm"),
    "inversion/nn_ratio": MetricInfo(
        "distance of inversions to the nearest train image; the data's median = 1", "min", "confirm"
    ),
    "inversion/agreement": MetricInfo("mean cosine between restarts of an inversion", "max", "confirm"),
    "probe/svm_accuracy": MetricInfo("linear SVM on the codes, val accuracy", "max", "final"),
    "probe/raw_svm_accuracy": MetricInfo("the same SVM on the hidden activations (reference)", None, "final"),
    **{
        f"probe/k{k}": MetricInfo(
            f"one class from the rest by {k} latents, balanced accuracy, mean over classes; 1/2 = chance",
            "max",
            "final",
        )
        for k in (1, 2, 5)
    },
    **{
        f"probe/raw_k{k}": MetricInfo(f"the same by {k} hidden units (reference)", None, "final")
        for k in (1, 2, 5)
    },
    "probe/accuracy_full": MetricInfo(
        "logistic regression on the codes, fitted on all of train with C chosen inside train",
        "max",
        "confirm",
    ),
    "probe/raw_accuracy_full": MetricInfo("the same on the hidden activations (reference)", None, "confirm"),
    **_with_null(
        "sae/decoder_redundancy",
        MetricInfo("mean largest cosine of a live decoder row to another live row", "min", "final"),
    ),
    **_selectivity("csi", "class selectivity index (largest - rest) / (largest + rest), mean over latents"),
    **_selectivity("f1", "F1 of 'the latent fires' for its best class, mean over latents"),
    **_selectivity("monosemanticity", "likeness of the images a latent fires on (PCA-50 of the pixels)"),
    **_with_reference("cluster/ari", "adjusted Rand index of k-means clusters and classes", "max"),
    **_with_reference("cluster/silhouette", "silhouette of those clusters on val", "max"),
    **_with_reference("cluster/within_silhouette", "silhouette of 3 clusters inside each class", "max"),
    **_with_null(
        "stability/pw_mcc",
        MetricInfo("matched cosine of the decoders of two SAEs that differ in their seed", "max", "confirm"),
    ),
    **{
        f"interpretability/{part}": MetricInfo(
            f"part of the score: {meaning}, 0 = chance, 1 = perfect", "max"
        )
        for part, meaning in _PARTS.items()
    },
    "interpretability/score": MetricInfo(
        "geometric mean of the skills listed in the space file's score", "max"
    ),
}

# Parts the scalar score may be made of, each in [0, 1] with 0 at its null.
SCORE_PARTS: tuple[str, ...] = tuple(_PARTS)
DEFAULT_SCORE_PARTS: tuple[str, ...] = ("junk", "purity", "alive", "splice")
