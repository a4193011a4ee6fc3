"""Name -> where the class lives, imported when first asked for.

To add a member: one class of settings in `trainables.settings`, named in `trainables.config`,
one class that does the work, one line here.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

CLASSIFIERS = {
    "mlp": "trainables.networks.mlp:Mlp",
    "conv": "trainables.networks.conv:Conv",
}
FRONT_ENDS = {
    "none": "trainables.networks.front_ends.pixels:Pixels",
    "gabor": "trainables.networks.front_ends.fixed_banks:GaborBank",
    "sobel": "trainables.networks.front_ends.fixed_banks:SobelBank",
    "conv": "trainables.networks.front_ends.convolution:Convolution",
    "conv_free": "trainables.networks.front_ends.convolution:BiasFreeConvolution",
    "locally_connected": "trainables.networks.front_ends.locally_connected:LocallyConnected",
}
BASES = {
    "raw": "trainables.bases.raw:Raw",
    "pca": "trainables.bases.pca:Pca",
    "pca_variance": "trainables.bases.pca_variance:PcaVariance",
    "whitened_pca": "trainables.bases.pca:WhitenedPca",
    "whitened_pca_variance": "trainables.bases.pca_variance:WhitenedPcaVariance",
    "zca": "trainables.bases.zca:Zca",
    "ica": "trainables.bases.ica:Ica",
    "random_rotation": "trainables.bases.random_rotation:RandomRotation",
}
SAES = {
    "relu": "trainables.saes.relu:ReluSae",
    "relu_target": "trainables.saes.relu_target:ReluTargetSae",
    "topk": "trainables.saes.topk:TopKSae",
    "batch_topk": "trainables.saes.batch_topk:BatchTopKSae",
    "jumprelu": "trainables.saes.jumprelu:JumpReluSae",
    "gated": "trainables.saes.gated:GatedSae",
    "matryoshka": "trainables.saes.matryoshka:MatryoshkaSae",
}
LOOPS = {
    "none": "trainables.classifier.plain:PlainLoop",
    "sae_ception": "trainables.classifier.sae_ception:SaeCeptionLoop",
}
DATASETS = {
    "digits": "trainables.data.embedded:load_digits",
    "mnist": "trainables.data.mnist_family:load_mnist",
    "fashion_mnist": "trainables.data.mnist_family:load_fashion_mnist",
    "kmnist": "trainables.data.mnist_family:load_kmnist",
    "emnist": "trainables.data.mnist_family:load_emnist",
    "npz": "trainables.data.npz:load_npz",
    "planted": "trainables.data.planted:load_planted",
}
# Datasets with settings of their own in a space file's `data`; the class imports no torch.
DATA_SETTINGS = {"planted": "trainables.settings.planted:PlantedConfig"}
AUXILIARY_LOSSES = {
    "activation_l1": "trainables.losses.activation_l1:activation_l1",
    "junk_penalty": "trainables.losses.junk_penalty:junk_penalty",
    "junk_penalty_absolute": "trainables.losses.junk_penalty:junk_penalty_absolute",
    "rrr": "trainables.losses.right_reasons:right_for_the_right_reasons",
    "first_layer_tv": "trainables.losses.first_layer_tv:first_layer_tv",
    "first_layer_distance_l1": "trainables.losses.first_layer_distance_l1:first_layer_distance_l1",
    "first_layer_group_lasso": "trainables.losses.first_layer_group_lasso:first_layer_group_lasso",
    "hidden_group_lasso": "trainables.losses.hidden_group_lasso:HiddenGroupLasso",
    "monosemanticity": "trainables.losses.monosemanticity:Monosemanticity",
    "contrastive": "trainables.losses.contrastive:Contrastive",
    "sparse_reconstruction": "trainables.losses.sparse_reconstruction:SparseReconstruction",
    "concepts": "trainables.losses.concepts:ConceptSupervision",
}
CONCEPT_TABLES = {
    "image_statistics": "trainables.data.image_statistics:image_statistics",
    "shuffled_image_statistics": "trainables.data.image_statistics:shuffled_image_statistics",
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
