"""The trial settings whose codes are held against planted parts, by name.

They differ in what a search varies (SAE kind, sparsity, width, basis, network, losses) and in how good they
should be: some are bad on purpose (dense, one code an image, hardly trained), because a metric that cannot
tell those from the others tells nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from search.errors import SpaceError
from trainables.config import TrialConfig

Recipe = Mapping[str, Any]

NETWORK: Recipe = {"kind": "mlp", "epochs": 12}
EPOCHS = 30
# Latents and codes of the recipes that do not vary them: about twice the parts, and as many as an image has.
WIDTH, K = 48, 5

RECIPES: dict[str, Recipe] = {
    "default (topk)": {},
    "topk, k 1": {"sae": {"k": 1}},
    "topk, k 2": {"sae": {"k": 2}},
    "topk, k 12": {"sae": {"k": 12}},
    "topk, width 24": {"sae": {"width": 24}},
    "topk, width 256": {"sae": {"width": 256}},
    "topk, 2 epochs": {"sae": {"epochs": 2}},
    "topk, rows from data": {"sae": {"datapoint_init": 1.0}},
    "batch_topk": {"sae": {"kind": "batch_topk", "k": K}},
    "matryoshka": {"sae": {"kind": "matryoshka", "k": K}},
    "jumprelu": {"sae": {"kind": "jumprelu", "target_l0": float(K)}},
    "relu_target": {"sae": {"kind": "relu_target", "target_l0": float(K)}},
    "relu, dense": {"sae": {"kind": "relu", "l1": 0.01}},
    "gated": {"sae": {"kind": "gated", "l1": 1.0}},
    "pca basis": {"basis": {"kind": "pca", "components": 16}},
    "ica basis": {"basis": {"kind": "ica", "components": 16}},
    "zca basis": {"basis": {"kind": "zca"}},
    "hidden 24": {"classifier": {"hidden_size": 24}},
    "hidden 256": {"classifier": {"hidden_size": 256}},
    "network, 1 epoch": {"classifier": {"epochs": 1}},
    "conv front end": {"classifier": {"front_end": "conv"}},
    "junk penalty": {"auxiliary": {"junk_penalty": 1.0}},
    "activation l1": {"auxiliary": {"activation_l1": 0.01}},
    "group lasso": {"auxiliary": {"first_layer_group_lasso": 0.01}},
}


def trial_of(recipe: Recipe, replicate: int) -> TrialConfig:
    """The trial: what the recipe says, this file's common settings for the rest. SpaceError if it is none."""
    sae = {"kind": "topk", "width": WIDTH, "epochs": EPOCHS, **recipe.get("sae", {})}
    if sae["kind"] == "topk":
        sae.setdefault("k", K)
    sections = {**recipe, "classifier": {**NETWORK, **recipe.get("classifier", {})}, "sae": sae}
    try:
        return TrialConfig.model_validate({**sections, "replicate": replicate})
    except ValidationError as error:
        found = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in found["loc"])
        raise SpaceError(f"a recipe is no valid trial: {where}: {found['msg']}") from None


def read_recipes(path: Path) -> dict[str, Recipe]:
    """Recipes of a YAML file that maps each name to its sections: `wide: {sae: {width: 256}}`."""
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise SpaceError(f"{path} cannot be read as YAML: {error}") from None
    if not isinstance(found, dict) or not all(isinstance(own, dict) for own in found.values()):
        raise SpaceError(f"{path} must map names of recipes to sections, as `wide: {{sae: {{width: 256}}}}`")
    return {str(name): recipe for name, recipe in found.items()}
