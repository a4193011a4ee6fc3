"""Terms of the classifier's loss beside cross entropy: a class of settings each, together one section."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from trainables import registry
from trainables.registry import Registry
from trainables.settings.loss_section import LossSection
from trainables.settings.names import Name
from trainables.settings.rules import Rule
from trainables.settings.section import LossConfig

CONCEPT_FILE = r"[/~].*|.*\.(npz|csv|parquet|yaml|yml)"
CONCEPT_TABLE = (
    f"one of {', '.join(registry.CONCEPT_TABLES.built_in)}, package.module:function, or a file .npz, .csv, "
    ".parquet or .yaml"
)
ConceptPart = Literal["all", "half", "other_half"]
ConceptForm = Literal["values", "bits"]
ConceptControl = Literal["none", "permuted", "random_images", "labels"]


def _first_layer_rules(name: str) -> tuple[Rule, Rule]:
    """Two pairs and not one triple: a network of kind conv has no front_end to ask for."""
    why = f"auxiliary.{name} needs one first weight for every pair of unit and pixel"
    return (
        Rule(
            (f"auxiliary.{name}", "classifier.kind"),
            lambda weight, kind: weight == 0 or kind == "mlp",
            f"{why}: classifier.kind must be mlp",
            monotone=True,
        ),
        Rule(
            (f"auxiliary.{name}", "classifier.front_end"),
            lambda weight, front_end: weight == 0 or front_end == "none",
            f"{why}: classifier.front_end must be none",
            monotone=True,
        ),
    )


class ActivationL1Config(LossConfig):
    """A penalty that makes hidden activations sparse."""

    implementation: ClassVar[str] = "trainables.losses.activation_l1:activation_l1"
    activation_l1: float = Field(
        0.0, ge=0, le=1e4, description="Weight of the mean absolute hidden activation."
    )


class JunkPenaltyConfig(LossConfig):
    """Hidden units that do not look beside the strokes."""

    implementation: ClassVar[str] = "trainables.losses.junk_penalty:junk_penalty"
    version: ClassVar[int] = 2
    junk_penalty: float = Field(
        0.0,
        ge=0,
        le=1e4,
        description="Weight of the share of hidden input-gradient energy outside the strokes.",
    )


class AbsoluteJunkPenaltyConfig(LossConfig):
    """The same, not as a share: small gradients lower it too."""

    implementation: ClassVar[str] = "trainables.losses.junk_penalty:junk_penalty_absolute"
    version: ClassVar[int] = 2
    junk_penalty_absolute: float = Field(
        0.0, ge=0, le=1e6, description="Weight of the hidden units' mean gradient energy off the strokes."
    )


class RightReasonsConfig(LossConfig):
    """Predictions that do not hang on what lies beside the strokes."""

    implementation: ClassVar[str] = "trainables.losses.right_reasons:right_for_the_right_reasons"
    rrr: float = Field(
        0.0,
        ge=0,
        le=1e6,
        description="Weight of the log probabilities' input-gradient energy outside the strokes "
        "(right for the right reasons).",
    )


class FirstLayerTvConfig(LossConfig):
    """First weights that vary smoothly over the image."""

    implementation: ClassVar[str] = "trainables.losses.first_layer_tv:first_layer_tv"
    rules: ClassVar[tuple[Rule, ...]] = _first_layer_rules("first_layer_tv")
    first_layer_tv: float = Field(
        0.0, ge=0, le=1e4, description="Weight of the first weights' total variation, per unit."
    )


class FirstLayerDistanceL1Config(LossConfig):
    """First weights near one place of the image."""

    implementation: ClassVar[str] = "trainables.losses.first_layer_distance_l1:first_layer_distance_l1"
    rules: ClassVar[tuple[Rule, ...]] = _first_layer_rules("first_layer_distance_l1")
    first_layer_distance_l1: float = Field(
        0.0, ge=0, le=1e4, description="Weight of the first weights' L1, each times its pixel's distance."
    )


class FirstLayerGroupLassoConfig(LossConfig):
    """Pixels that no unit looks at."""

    implementation: ClassVar[str] = "trainables.losses.first_layer_group_lasso:first_layer_group_lasso"
    rules: ClassVar[tuple[Rule, ...]] = _first_layer_rules("first_layer_group_lasso")
    first_layer_group_lasso: float = Field(
        0.0, ge=0, le=1e4, description="Weight of the sum of the norms of each pixel's first weights."
    )


class HiddenGroupLassoConfig(LossConfig):
    """Hidden units that are on and off together, in groups."""

    implementation: ClassVar[str] = "trainables.losses.hidden_group_lasso:HiddenGroupLasso"
    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            ("auxiliary.hidden_group_lasso", "auxiliary.hidden_group_size", "classifier.hidden_size"),
            lambda weight, size, hidden_size: weight == 0 or size <= hidden_size,
            "auxiliary.hidden_group_size must not exceed classifier.hidden_size",
            monotone=True,
        ),
    )
    hidden_group_lasso: float = Field(
        0.0, ge=0, le=1e4, description="Weight of the mean norm of groups of hidden units."
    )
    hidden_group_size: int = Field(
        4, ge=2, le=8192, description="Neighbouring hidden units in one group of hidden_group_lasso."
    )


class MonosemanticityConfig(LossConfig):
    """Hidden units that are on for images which look alike."""

    implementation: ClassVar[str] = "trainables.losses.monosemanticity:Monosemanticity"
    monosemanticity: float = Field(
        0.0, ge=0, le=1e4, description="Weight of 1 minus the hidden units' mean monosemanticity score."
    )


class ContrastiveConfig(LossConfig):
    """Views of one image near each other, and images of one class."""

    implementation: ClassVar[str] = "trainables.losses.contrastive:Contrastive"
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


class SparseReconstructionConfig(LossConfig):
    """Hidden activations that a sparse code can say."""

    implementation: ClassVar[str] = "trainables.losses.sparse_reconstruction:SparseReconstruction"
    sparse_reconstruction: float = Field(
        0.0, ge=0, le=1e4, description="Weight of the loss of an SAE trained along with the classifier."
    )
    sparse_reconstruction_width: int = Field(
        256, ge=2, le=65_536, description="Latents of the SAE trained along."
    )
    sparse_reconstruction_l1: float = Field(
        1.0, ge=0, le=1e4, description="Weight of its codes' L1 norm beside the squared error at E|x|^2 = d."
    )


class ConceptsConfig(LossConfig):
    """Hidden units that tell given properties of the image."""

    implementation: ClassVar[str] = "trainables.losses.concepts:ConceptSupervision"
    version: ClassVar[int] = 2
    added: ClassVar[frozenset[str]] = frozenset(
        ("concept_part", "concept_split", "concept_form", "concept_control")
    )
    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            ("auxiliary.concepts", "auxiliary.concept_table"),
            lambda weight, table: weight == 0 or table != "",
            "auxiliary.concepts needs the targets of auxiliary.concept_table",
            monotone=True,
        ),
    )
    concepts: float = Field(
        0.0, ge=0, le=1e4, description="Weight of predicting a concept table from hidden units."
    )
    concept_share: float = Field(
        0.5, gt=0, le=1, description="Share of the hidden units, the first ones, that concepts supervise."
    )
    concept_table: Annotated[str, Name(registry.CONCEPT_TABLES, f"|{CONCEPT_FILE}", CONCEPT_TABLE)] = Field(
        "",
        description="The set of concepts: strokes or another by name, package.module:function, a table (.npz "
        "with an array concepts, .csv, .parquet; a row for each image, train first), or a recipe (.yaml).",
    )
    concept_part: ConceptPart = Field(
        "all", description="Supervise all concepts, or one of two halves; the other is then held out."
    )
    concept_split: int = Field(0, ge=0, le=2**31 - 1, description="Draws the halves of concept_part.")
    concept_form: ConceptForm = Field(
        "values",
        description="Targets: standardised values, or bits of 20 to 80 % prevalence, which leak less.",
    )
    concept_control: ConceptControl = Field(
        "none",
        description="In place of the concepts: their bits dealt out anew (permuted), random functions of the "
        "image (random_images), or sets of classes (labels); as many, and as often on.",
    )


# Fields come from the last base to the first.
class AuxiliaryConfig(
    LossSection,
    ConceptsConfig,
    SparseReconstructionConfig,
    ContrastiveConfig,
    MonosemanticityConfig,
    HiddenGroupLassoConfig,
    FirstLayerGroupLassoConfig,
    FirstLayerDistanceL1Config,
    FirstLayerTvConfig,
    RightReasonsConfig,
    AbsoluteJunkPenaltyConfig,
    JunkPenaltyConfig,
    ActivationL1Config,
):
    """Terms added to the classifier's cross entropy; 0 switches one off."""

    family: ClassVar[Registry] = registry.AUXILIARY_LOSSES
