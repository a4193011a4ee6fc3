"""Networks that somebody else wrote: any torch.nn.Module by import path, torchvision's by name."""

from __future__ import annotations

import hashlib
import time
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from trainables.errors import MemberError
from trainables.foreign import IMPORT_PATH, digest_of_module
from trainables.settings.classifier import ClassifierTrainingConfig
from trainables.settings.rules import Rule

SETTLED_NS = 2_000_000_000


def _begins_where_it_says(train: str, weights: str) -> bool:
    return (train == "scratch") == (weights == "")


class CutNetworkConfig(ClassifierTrainingConfig):
    """A network that is cut at one of its layers, whose output the SAE reads, flattened."""

    implementation: ClassVar[str] = "trainables.networks.module:ModuleNetwork"
    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            ("classifier.train", "classifier.weights"),
            _begins_where_it_says,
            "classifier.train: frozen and finetune begin at the file classifier.weights, scratch at none",
            monotone=True,
        ),
    )
    layer: str = Field("", description="Dotted name of the layer that the SAE reads.")
    weights: str = Field(
        "", description="File of its state_dict, .safetensors or .pt; empty for weights drawn by the seed."
    )
    train: Literal["scratch", "finetune", "frozen"] = Field(
        "scratch",
        description="Whether its weights are trained from the first draw, further, or not at all.",
    )

    def begins_where_it_says(self) -> bool:
        """Whether the rule above holds of weights and training."""
        return _begins_where_it_says(self.train, self.weights)

    @property
    def source(self) -> str:
        """Where the network comes from, as a message names it."""
        raise NotImplementedError

    @property
    def channels(self) -> int:
        """Of the images that it is given; 3 repeat the grey value."""
        return 3

    def without_files(self) -> CutNetworkConfig:
        """Without the file of weights, which may be gone by then."""
        return self.model_copy(update={"weights": ""})

    def identity(self, *without: str) -> dict[str, Any]:
        """With the sha256 of the file of weights in place of its path. MemberError if it cannot be read."""
        settings = super().identity(*without)
        if self.weights:
            settings["weights"] = _sha256(Path(self.weights).expanduser())
        return settings


class ModuleClassifierConfig(CutNetworkConfig):
    """A torch.nn.Module of one's own: `factory(image_shape, n_classes)` builds it."""

    kind: str = "module"
    factory: str = Field(
        "trainables.networks.example_module:build",
        pattern=f"^{IMPORT_PATH}$",
        description="package.module:function; called with the images' (h, w) and the number of classes.",
    )
    layer: str = Field(
        "hidden",
        description="Dotted name of the layer that the SAE reads, as `python -m trainables.networks.layers "
        "FACTORY` lists it.",
    )
    input_channels: Literal[1, 3] = Field(
        1, description="Channels that its images (b, channels, h, w) have; 3 repeat the grey value."
    )

    @property
    def source(self) -> str:
        """The factory's import path."""
        return self.factory

    @property
    def channels(self) -> int:
        """What the setting `input_channels` says."""
        return self.input_channels

    def identity(self, *without: str) -> dict[str, Any]:
        """With what the factory's code is, if it is not ours."""
        settings = super().identity(*without)
        module = self.factory.partition(":")[0]
        code = "" if module.startswith("trainables.") else digest_of_module(module)
        return {**settings, "factory code": code} if code else settings


class TorchvisionClassifierConfig(CutNetworkConfig):
    """One of torchvision's classifiers by name, which get the grey value three times."""

    kind: str = "torchvision"
    name: str = Field("resnet18", description="As torchvision.models lists it.")
    layer: str = Field("avgpool", description="Dotted name of the layer that the SAE reads.")

    @property
    def source(self) -> str:
        """The name under which torchvision has it."""
        return f"torchvision's {self.name}"


def _sha256(path: Path) -> str:
    try:
        facts = path.stat()
        # A file written just now may be written again without another time of change.
        is_settled = time.time_ns() - facts.st_mtime_ns > SETTLED_NS
        read = _digest if is_settled else _digest.__wrapped__
        return read(path, facts.st_mtime_ns, facts.st_size)
    except OSError as error:
        raise MemberError(f"classifier.weights: {path} cannot be read: {error.strerror}") from None


@cache
def _digest(path: Path, _changed: int, _size: int) -> str:
    """Read once as long as the file stays as it is: every key of a trial asks for it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
