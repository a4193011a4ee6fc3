"""How sparse, how faithful and how alive a dictionary is: see `trainables.metrics.sae_statistics`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.metrics.metric import Metric, Reference, Score

if TYPE_CHECKING:
    from torch import Tensor

    from trainables.metrics.inputs import MetricInputs, ReferenceInputs
    from trainables.metrics.sae_statistics import FiringFractions


def _pca(inputs: ReferenceInputs) -> dict[str, Tensor]:
    from trainables.metrics.pca_reference import pca_fvu

    return {"curve": pca_fvu(inputs.activations.train_h, inputs.activations.val_h)}


PCA = Reference("FVU of PCA", _pca)


def l0(inputs: MetricInputs) -> float:
    """The mean number of codes above 0 on val."""
    from trainables.metrics.sae_statistics import l0

    return l0(inputs.measured.val_z)


def fvu(inputs: MetricInputs) -> Score:
    """On val, and that of PCA with as many components as codes."""
    from trainables.metrics.pca_reference import at_components
    from trainables.metrics.sae_statistics import fvu

    value = fvu(inputs.measured.activations.val_h, inputs.measured.val_h_hat)
    curve = inputs.reference(PCA)["curve"]
    return Score(value, references={"sae/fvu_pca": at_components(curve, inputs.once(l0))})


def firing(inputs: MetricInputs) -> FiringFractions:
    """Firing of all latents on train."""
    from trainables.metrics.sae_statistics import firing_fractions

    return firing_fractions(inputs.measured.firing, inputs.measured.activations.train_h.shape[0])


METRICS = (
    Metric(
        "sae/l0",
        "mean number of non-zero codes per val image",
        "min",
        l0,
        unit="codes",
        standing="key",
        proxy=True,
    ),
    Metric(
        "sae/fvu",
        "unexplained share of the raw activations' variance on val; mean predictor = 1",
        "min",
        fvu,
        unit="share",
        references={"sae/fvu_pca": "the same of PCA with as many components as sae/l0"},
        reads=(PCA,),
        standing="key",
        proxy=True,
    ),
    Metric(
        "sae/dead_fraction",
        "latents that fire on no train image",
        "min",
        lambda inputs: inputs.once(firing).dead,
        unit="share",
        standing="key",
        proxy=True,
    ),
    Metric(
        "sae/rare_fraction",
        "latents that fire on fewer than 0.1 % of train images, dead ones included",
        "min",
        lambda inputs: inputs.once(firing).rare,
        unit="share",
        standing="key",
        proxy=True,
    ),
    Metric(
        "sae/dense_fraction",
        "latents that fire on more than half of the train images",
        "min",
        lambda inputs: inputs.once(firing).dense,
        unit="share",
        standing="key",
        proxy=True,
    ),
)
