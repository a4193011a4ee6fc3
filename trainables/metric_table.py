"""Every metric's name, meaning and direction, without importing torch.

`n` names the plain value; a metric with a null is reported as three: `n`, `n_null`, `n_skill`.
The space check looks objectives and constraints up here; leaderboards take directions from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Mode = Literal["max", "min"]
When = Literal["epoch", "rung"]


@dataclass(frozen=True)
class MetricInfo:
    """What a metric says, which way is better, and when it exists first."""

    description: str
    mode: Mode | None
    when: When = "rung"


def _with_null(name: str, info: MetricInfo) -> dict[str, MetricInfo]:
    return {
        name: info,
        f"{name}_null": MetricInfo(f"chance level of {name} on the same data", None),
        f"{name}_skill": MetricInfo(f"{name} from chance (0) to perfect (1)", "max"),
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
    "selectivity/purity_left_out": MetricInfo("alive latents with too few firing images for a purity", None),
    **_with_null(
        "attribution/junk",
        MetricInfo("latent input-gradient outside the strokes; 1 = chance, 0 = none", "min"),
    ),
    "attribution/junk_untrained": MetricInfo("junk of the same architecture, untrained (reference)", None),
    "attribution/specificity": MetricInfo(
        "gradient share on the own stroke mask minus that on a same-class image's", "max"
    ),
    "interpretability/score": MetricInfo(
        "geometric mean of the skills listed in the space file's score", "max"
    ),
}

# Parts the scalar score may be made of, each in [0, 1] with 0 at its null.
SCORE_PARTS: tuple[str, ...] = ("junk", "purity", "alive", "splice", "probe")
DEFAULT_SCORE_PARTS: tuple[str, ...] = ("junk", "purity", "alive", "splice")
