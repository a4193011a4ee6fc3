"""Terms of the classifier's loss beside cross entropy."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from trainables import registry
from trainables.settings.section import Section

# Or nothing. A trial runs in a folder of its own, where a relative path would lead nowhere.
CONCEPT_TABLE = rf"^(|{'|'.join(registry.CONCEPT_TABLES)}|[/~].*)$"


class AuxiliaryConfig(Section):
    """Terms added to the classifier's cross entropy; 0 switches one off."""

    activation_l1: float = Field(
        0.0, ge=0, le=1e4, description="Weight of the mean absolute hidden activation."
    )
    junk_penalty: float = Field(
        0.0,
        ge=0,
        le=1e4,
        description="Weight of the share of hidden input-gradient energy outside the strokes.",
    )
    junk_penalty_absolute: float = Field(
        0.0, ge=0, le=1e6, description="Weight of the hidden units' mean gradient energy off the strokes."
    )
    rrr: float = Field(
        0.0,
        ge=0,
        le=1e6,
        description="Weight of the log probabilities' input-gradient energy outside the strokes "
        "(right for the right reasons).",
    )
    first_layer_tv: float = Field(
        0.0, ge=0, le=1e4, description="Weight of the first weights' total variation, per unit."
    )
    first_layer_distance_l1: float = Field(
        0.0, ge=0, le=1e4, description="Weight of the first weights' L1, each times its pixel's distance."
    )
    first_layer_group_lasso: float = Field(
        0.0, ge=0, le=1e4, description="Weight of the sum of the norms of each pixel's first weights."
    )
    hidden_group_lasso: float = Field(
        0.0, ge=0, le=1e4, description="Weight of the mean norm of groups of hidden units."
    )
    hidden_group_size: int = Field(
        4, ge=2, le=8192, description="Neighbouring hidden units in one group of hidden_group_lasso."
    )
    monosemanticity: float = Field(
        0.0, ge=0, le=1e4, description="Weight of 1 minus the hidden units' mean monosemanticity score."
    )
    contrastive: float = Field(
        0.0, ge=0, le=1e4, description="Weight of the contrastive loss on two augmented views of the batch."
    )
    contrastive_supcon_share: float = Field(
        0.5, ge=0, le=1, description="1 is SupCon (by class), 0 SimCLR (by image), between: a mixture."
    )
    contrastive_temperature: float = Field(
        0.1, ge=0.01, le=10, description="Temperature of the contrastive similarities."
    )
    contrastive_on: Literal["projection", "hidden"] = Field(
        "projection", description="Compare images in a trained projection, or by their activations."
    )
    sparse_reconstruction: float = Field(
        0.0, ge=0, le=1e4, description="Weight of the loss of an SAE trained along with the classifier."
    )
    sparse_reconstruction_width: int = Field(
        256, ge=2, le=65_536, description="Latents of the SAE trained along."
    )
    sparse_reconstruction_l1: float = Field(
        1.0, ge=0, le=1e4, description="Weight of its codes' L1 norm beside the squared error at E|x|^2 = d."
    )
    concepts: float = Field(
        0.0, ge=0, le=1e4, description="Weight of predicting a concept table from hidden units."
    )
    concept_share: float = Field(
        0.5, gt=0, le=1, description="Share of the hidden units, the first ones, that concepts supervise."
    )
    concept_table: str = Field(
        "",
        pattern=CONCEPT_TABLE,
        description="image_statistics, or its control shuffled_image_statistics, or the absolute path of an "
        ".npz whose array concepts (train images, c) is in train order.",
    )
