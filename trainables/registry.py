"""The open families: name -> member, imported when first asked for. Metrics are in `metrics.catalog`.

A member is found (a) in a table below, (b) among the entry points of installed packages, in the group
`sae_search.<group>`, or (c) by its import path `package.module:Name`. A member with settings is a config
class (`trainables.settings`) that names its implementation and rules; a member without is the function or
class itself. To add one here: its file or files, and one line in its table. To add one elsewhere: nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from trainables.errors import MemberError, UnknownMember
from trainables.foreign import digest_of_module, fault_in, import_object, is_import_path

GROUP_PREFIX = "sae_search."


class Registry(Mapping[str, Any]):
    """One family. As a mapping it has the names of the tables and of installed packages.

    `registry[name]` also takes an import path. Raises UnknownMember, a KeyError, for a name that nobody has,
    and MemberError for a member from outside that cannot be imported or is not what the family needs; the
    text says why.
    """

    def __init__(
        self,
        noun: str,
        group: str,
        built_in: Mapping[str, str],
        base: str = "",
        interface: str = "",
        required: tuple[str, ...] = (),
    ) -> None:
        """base: import path of the class that settings of a member derive from, empty if members have none;
        interface: of the class that implementations derive from; required: methods that they must define."""
        self.noun, self.group, self.built_in = noun, group, dict(built_in)
        self._base, self._interface, self._required = base, interface, required

    def __getitem__(self, name: str) -> Any:
        if name in self.built_in:
            return import_object(self.built_in[name])
        path = self._path_outside(name)
        found = import_object(path)
        wrong = fault_in(found, path, self._base, self._interface, self._required)
        if wrong is not None:
            raise wrong
        return found

    def __contains__(self, name: object) -> bool:
        return name in self.built_in or name in self._installed()

    def __iter__(self) -> Iterator[str]:
        return iter((*self.built_in, *self._installed()))

    def __len__(self) -> int:
        return len(tuple(iter(self)))

    def is_named(self, name: object) -> bool:
        """Whether `registry[name]` would look for something: a known name, or an import path."""
        return isinstance(name, str) and (name in self or is_import_path(name))

    def code(self, name: str) -> str | None:
        """What a member from outside is, as the sha256 of its package's files; None for one of ours, whose
        changes `stages.VERSIONS` tells."""
        if name in self.built_in:
            return None
        return digest_of_module(self._path_outside(name).partition(":")[0])

    def _path_outside(self, name: str) -> str:
        paths = {name} if is_import_path(name) else self._installed().get(name)
        if paths is None:
            raise UnknownMember(f"there is no {self.noun} {name!r}, only {', '.join(self)}")
        if len(paths) > 1:
            raise MemberError(
                f"installed packages have several {self.group} called {name!r}; write the one that is meant: "
                f"{' or '.join(sorted(paths))}"
            )
        return next(iter(paths))

    def _installed(self) -> dict[str, set[str]]:
        """Name -> import paths of what installed packages add; a name of ours stays ours."""
        found: dict[str, set[str]] = {}
        for point in _entry_points(GROUP_PREFIX + self.group):
            if point.name not in self.built_in:
                found.setdefault(point.name, set()).add(point.value)
        return found


@cache
def _entry_points(group: str) -> tuple[EntryPoint, ...]:
    return tuple(entry_points(group=group))


CLASSIFIERS = Registry(
    "classifier",
    "classifiers",
    {
        "mlp": "trainables.settings.classifier:MlpClassifierConfig",
        "conv": "trainables.settings.classifier:ConvClassifierConfig",
        "parts": "trainables.settings.classifier:PartsClassifierConfig",
        "bag": "trainables.settings.classifier:BagClassifierConfig",
        "module": "trainables.settings.module_network:ModuleClassifierConfig",
        "torchvision": "trainables.settings.module_network:TorchvisionClassifierConfig",
    },
    "trainables.settings.classifier:ClassifierTrainingConfig",
    "trainables.networks.network:Network",
    ("activations", "head", "readout_layer", "first_weights"),
)
FRONT_ENDS = Registry(
    "front end",
    "front_ends",
    {
        "none": "trainables.networks.front_ends.pixels:Pixels",
        "gabor": "trainables.networks.front_ends.fixed_banks:GaborBank",
        "sobel": "trainables.networks.front_ends.fixed_banks:SobelBank",
        "conv": "trainables.networks.front_ends.convolution:Convolution",
        "conv_free": "trainables.networks.front_ends.convolution:BiasFreeConvolution",
        "locally_connected": "trainables.networks.front_ends.locally_connected:LocallyConnected",
    },
    interface="trainables.networks.front_ends.front_end:FrontEnd",
    required=("forward",),
)
BASES = Registry(
    "basis",
    "bases",
    {
        "raw": "trainables.settings.basis:RawBasisConfig",
        "pca": "trainables.settings.basis:PcaBasisConfig",
        "pca_variance": "trainables.settings.basis:PcaVarianceBasisConfig",
        "whitened_pca": "trainables.settings.basis:WhitenedPcaBasisConfig",
        "whitened_pca_variance": "trainables.settings.basis:WhitenedPcaVarianceBasisConfig",
        "zca": "trainables.settings.basis:ZcaBasisConfig",
        "ica": "trainables.settings.basis:IcaBasisConfig",
        "random_rotation": "trainables.settings.basis:RandomRotationBasisConfig",
    },
    "trainables.settings.basis:BasisConfig",
    "trainables.bases.basis:Basis",
    ("fit", "encode", "decode"),
)
SAES = Registry(
    "SAE",
    "saes",
    {
        "relu": "trainables.settings.sae:ReluSaeConfig",
        "relu_target": "trainables.settings.sae:ReluTargetSaeConfig",
        "topk": "trainables.settings.sae:TopKSaeConfig",
        "batch_topk": "trainables.settings.sae:BatchTopKSaeConfig",
        "jumprelu": "trainables.settings.sae:JumpReluSaeConfig",
        "gated": "trainables.settings.sae:GatedSaeConfig",
        "matryoshka": "trainables.settings.sae:MatryoshkaSaeConfig",
        "matryoshka_lista": "trainables.settings.matryoshka_lista:MatryoshkaListaSaeConfig",
        "archetypal": "trainables.settings.archetypal:ArchetypalSaeConfig",
        "block": "trainables.settings.block:BlockSaeConfig",
        "consensus": "trainables.settings.consensus:ConsensusSaeConfig",
        "dictionary": "trainables.settings.solved:DictionarySaeConfig",
        "nmf": "trainables.settings.solved:NmfSaeConfig",
        "semi_nmf": "trainables.settings.solved:SemiNmfSaeConfig",
    },
    "trainables.settings.sae:SaeTrainingConfig",
    "trainables.saes.sparse_autoencoder:SparseAutoencoder",
    ("activate",),
)
LOOPS = Registry(
    "loop",
    "loops",
    {
        "none": "trainables.settings.loop:NoLoopConfig",
        "joint": "trainables.settings.loop:JointLoopConfig",
        "sae_ception": "trainables.settings.loop:SaeCeptionLoopConfig",
    },
    "trainables.settings.loop:LoopConfig",
    "trainables.classifier.training_loop:ClassifierLoop",
    ("arrived", "advance", "tensors", "facts", "restore"),
)
AUXILIARY_LOSSES = Registry(
    "auxiliary loss",
    "losses",
    {
        "activation_l1": "trainables.settings.auxiliary:ActivationL1Config",
        "junk_penalty": "trainables.settings.auxiliary:JunkPenaltyConfig",
        "junk_penalty_absolute": "trainables.settings.auxiliary:AbsoluteJunkPenaltyConfig",
        "rrr": "trainables.settings.auxiliary:RightReasonsConfig",
        "first_layer_tv": "trainables.settings.auxiliary:FirstLayerTvConfig",
        "first_layer_distance_l1": "trainables.settings.auxiliary:FirstLayerDistanceL1Config",
        "first_layer_group_lasso": "trainables.settings.auxiliary:FirstLayerGroupLassoConfig",
        "hidden_group_lasso": "trainables.settings.auxiliary:HiddenGroupLassoConfig",
        "monosemanticity": "trainables.settings.auxiliary:MonosemanticityConfig",
        "contrastive": "trainables.settings.auxiliary:ContrastiveConfig",
        "sparse_reconstruction": "trainables.settings.auxiliary:SparseReconstructionConfig",
        "concepts": "trainables.settings.auxiliary:ConceptsConfig",
    },
    "trainables.settings.section:LossConfig",
)
DATASETS = Registry(
    "data source",
    "data",
    {
        "digits": "trainables.settings.data:DigitsConfig",
        "mnist": "trainables.settings.data:MnistConfig",
        "fashion_mnist": "trainables.settings.data:FashionMnistConfig",
        "kmnist": "trainables.settings.data:KmnistConfig",
        "emnist": "trainables.settings.data:EmnistConfig",
        "npz": "trainables.settings.data:NpzConfig",
        "image_folder": "trainables.settings.data:ImageFolderConfig",
        "module": "trainables.settings.data:ModuleDataConfig",
        "planted": "trainables.settings.planted:PlantedConfig",
    },
    "trainables.settings.data:DataConfig",
)
LATENT_LOSSES = Registry(
    "loss on latents",
    "latent_losses",
    {
        "solo": "trainables.settings.latent_losses:SoloConfig",
        "moves": "trainables.settings.latent_losses:MovesConfig",
        "far_ink": "trainables.settings.latent_losses:FarInkConfig",
        "erasing": "trainables.settings.latent_losses:ErasingConfig",
        "decoder_orthogonality": "trainables.settings.latent_losses:DecoderOrthogonalityConfig",
        "locality": "trainables.settings.latent_losses:LocalityConfig",
    },
    "trainables.settings.section:LatentLossConfig",
)
CONCEPT_TABLES = Registry(
    "concept table",
    "concept_tables",
    {
        "strokes": "trainables.concepts.strokes:strokes",
        "strokes_without_symmetry": "trainables.concepts.strokes:strokes_without_symmetry",
        "image_statistics": "trainables.data.image_statistics:image_statistics",
        "shuffled_image_statistics": "trainables.data.image_statistics:shuffled_image_statistics",
    },
)
ATTRIBUTIONS = Registry(
    "attribution",
    "attributions",
    {
        "gradient": "trainables.attribution.settings:GradientConfig",
        "smooth_grad": "trainables.attribution.settings:SmoothGradConfig",
        "integrated_gradients": "trainables.attribution.settings:IntegratedGradientsConfig",
        "expected_gradients": "trainables.attribution.settings:ExpectedGradientsConfig",
        "occlusion": "trainables.attribution.settings:OcclusionConfig",
    },
    "trainables.attribution.settings:AttributionConfig",
    "trainables.attribution.attribution:Attribution",
    ("maps",),
)
