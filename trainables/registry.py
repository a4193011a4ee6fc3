"""Name -> where the class lives, imported when first asked for.

To add a member: one config class in `trainables.config`, one class, one line here.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

CLASSIFIERS = {
    "mlp": "trainables.networks.mlp:Mlp",
    "conv": "trainables.networks.conv:Conv",
}
BASES = {
    "raw": "trainables.bases.raw:Raw",
    "pca": "trainables.bases.pca:Pca",
    "whitened_pca": "trainables.bases.pca:WhitenedPca",
    "ica": "trainables.bases.ica:Ica",
}
SAES = {
    "relu": "trainables.saes.relu:ReluSae",
    "topk": "trainables.saes.topk:TopKSae",
}
DATASETS = {
    "digits": "trainables.data.embedded:load_digits",
    "mnist": "trainables.data.mnist_family:load_mnist",
    "fashion_mnist": "trainables.data.mnist_family:load_fashion_mnist",
    "kmnist": "trainables.data.mnist_family:load_kmnist",
    "emnist": "trainables.data.mnist_family:load_emnist",
    "npz": "trainables.data.npz:load_npz",
}
AUXILIARY_LOSSES = {
    "activation_l1": "trainables.losses.activation_l1:activation_l1",
    "junk_penalty": "trainables.losses.junk_penalty:junk_penalty",
}
ATTRIBUTIONS = {
    "gradient": "trainables.attribution.gradient:Gradient",
    "smooth_grad": "trainables.attribution.smooth_grad:SmoothGrad",
    "integrated_gradients": "trainables.attribution.integrated_gradients:IntegratedGradients",
    "expected_gradients": "trainables.attribution.expected_gradients:ExpectedGradients",
    "occlusion": "trainables.attribution.occlusion:Occlusion",
}


def load(table: Mapping[str, str], name: str) -> Any:
    """The object that `name` stands for in `table`; KeyError naming the choices if there is none."""
    if name not in table:
        raise KeyError(f"{name!r} is not one of {', '.join(table)}")
    module, _, attribute = table[name].partition(":")
    return getattr(import_module(module), attribute)
