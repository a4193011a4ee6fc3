"""A classifier that somebody else wrote, cut at one of its layers."""

from __future__ import annotations

import inspect
import pickle
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from trainables.errors import MemberError
from trainables.foreign import import_object
from trainables.networks.cut import Cut, CutError
from trainables.networks.network import Network
from trainables.settings.module_network import (
    CutNetworkConfig,
    ModuleClassifierConfig,
    TorchvisionClassifierConfig,
)


class ModuleNetwork(Network):
    """Any torch.nn.Module; hidden is the output of one of its layers, flattened to (b, d), of either sign.

    MemberError, in a sentence, where the module cannot be built, cut, or filled with its weights, and where
    it does not give one logit a class.
    """

    def __init__(
        self,
        config: CutNetworkConfig,
        image_shape: tuple[int, int],
        n_classes: int,
        generator: torch.Generator,
    ) -> None:
        super().__init__(config)
        self._channels = config.channels
        self._frozen = config.train == "frozen"
        self.module = _built(config, image_shape, n_classes, generator)
        if config.weights:
            _fill(self.module, Path(config.weights).expanduser())
        where = f"classifier.layer: {config.source}"
        try:
            self._cut = Cut(self.module, config.layer, training=not self._frozen)
            self.shape = self._layer_shape(image_shape, n_classes)
        except CutError as error:
            raise MemberError(f"{where}: {error}") from error
        self.hidden_size = self.shape.numel()
        if self._frozen:
            self.module.requires_grad_(False)
        # What trains it says so; batch normalisation and dropout would else mix or drop what is read.
        self.eval()

    def train(self, mode: bool = True) -> ModuleNetwork:
        """A frozen module stays as it is for reading: batch normalisation learns nothing either."""
        super().train(mode and not self._frozen)
        return self

    def activations(self, images: Tensor) -> Tensor:
        """images (b, h, w) in [0, 1] -> (b, d)."""
        return self._cut.before(self._input(images)).flatten(1)

    def head(self, hidden: Tensor) -> Tensor:
        """h (b, d) -> logits (b, classes), by all that comes after the layer."""
        # A copy, since a module may work in place.
        return self._cut.after(hidden.unflatten(1, self.shape).clone())

    def readout_layer(self) -> nn.Linear:
        """The linear layer that alone follows, if one does; else ValueError."""
        found = self._cut.readout()
        if found is None:
            raise ValueError("no linear layer makes logits of the hidden activations alone")
        return found

    def first_weights(self) -> list[Tensor]:
        """The weight of the first linear layer or convolution, in the order of definition."""
        layers = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
        return [layer.weight for layer in self.module.modules() if isinstance(layer, layers)][:1]

    def _input(self, images: Tensor) -> Tensor:
        return images.unsqueeze(1).expand(-1, self._channels, -1, -1)

    @torch.no_grad()
    def _layer_shape(self, image_shape: tuple[int, int], n_classes: int) -> torch.Size:
        """Of one image's activations, found by two images of noise; CutError if it cannot run on them, or if
        the two parts do not give what the whole gives."""
        self.module.eval()
        images = self._input(torch.rand(2, *image_shape, generator=torch.Generator().manual_seed(0)))
        try:
            found = self._cut.before(images.clone())
            logits = self._cut.after(found.clone())
            whole = self.module(images.clone())
        except CutError:
            raise
        except Exception as error:  # code of the user's
            raise CutError(
                f"it fails on images ({self._channels}, {image_shape[0]}, {image_shape[1]}): {_first(error)}"
            ) from error
        if found.shape[:1] != (2,) or found.ndim < 2:
            raise CutError(f"of 2 images the layer makes {tuple(found.shape)}; (2, ...) is needed")
        if logits.shape != (2, n_classes):
            raise CutError(f"of 2 images it makes {tuple(logits.shape)}; logits (2, {n_classes}) are needed")
        if not torch.allclose(logits, whole, rtol=1e-4, atol=1e-5, equal_nan=True):
            raise CutError(
                "its two parts do not give what the whole gives: it changes a value in place, as by "
                "x[:, 0] = 0; write that without"
            )
        return found.shape[1:]


def build_module(config: CutNetworkConfig, image_shape: tuple[int, int], n_classes: int) -> nn.Module:
    """The module alone, its weights drawn from torch's global generator. MemberError says what is wrong."""
    if isinstance(config, TorchvisionClassifierConfig):
        return _of_torchvision(config.name, n_classes)
    assert isinstance(config, ModuleClassifierConfig)
    factory = import_object(config.factory)
    try:
        inspect.signature(factory).bind(image_shape, n_classes)
    except TypeError as error:
        raise MemberError(
            f"classifier.factory: {config.factory} must take (image_shape, n_classes): {error}"
        ) from None
    try:
        module = factory(image_shape, n_classes)
    except Exception as error:  # code of the user's
        raise MemberError(f"classifier.factory: {config.factory} failed: {_first(error)}") from error
    if not isinstance(module, nn.Module):
        raise MemberError(
            f"classifier.factory: {config.factory} gave a {type(module).__name__}; it must be an nn.Module"
        )
    return module


def _built(
    config: CutNetworkConfig, image_shape: tuple[int, int], n_classes: int, generator: torch.Generator
) -> nn.Module:
    # Modules draw from the global generator; nobody else's draws are to change by that.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(torch.randint(2**62, (), generator=generator)))
        return build_module(config, image_shape, n_classes)


def _of_torchvision(name: str, n_classes: int) -> nn.Module:
    from difflib import get_close_matches

    from torchvision import models

    known = models.list_models(module=models)
    if name not in known:
        near = ", ".join(get_close_matches(name, known, n=3, cutoff=0.3) or known[:3])
        raise MemberError(f"classifier.name: torchvision has no classifier {name!r}; near it: {near}")
    module: nn.Module = models.get_model(name, weights=None, num_classes=n_classes)
    return module


def _fill(module: nn.Module, file: Path) -> None:
    """Load a state_dict without unpickling code. MemberError names what does not fit."""
    where = f"classifier.weights: {file}"
    try:
        tensors: dict[str, Any] = (
            load_file(file)
            if file.suffix == ".safetensors"
            else torch.load(file, map_location="cpu", weights_only=True)
        )
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError, SafetensorError) as error:
        raise MemberError(f"{where} cannot be read as a state_dict: {_first(error)}") from None
    if not isinstance(tensors, dict):
        raise MemberError(f"{where} holds a {type(tensors).__name__}; save model.state_dict()")
    tensors = tensors["state_dict"] if isinstance(tensors.get("state_dict"), dict) else tensors
    odd = [
        name for name, value in tensors.items() if not (isinstance(name, str) and isinstance(value, Tensor))
    ]
    if odd:
        raise MemberError(f"{where}: {odd[0]!r} is no tensor by its name; save model.state_dict()")
    own = module.state_dict()
    missing, strange = sorted(own.keys() - tensors.keys()), sorted(tensors.keys() - own.keys())
    if missing or strange:
        raise MemberError(
            f"{where} is another network's: "
            + "; ".join(
                f"{what} {', '.join(names[:3])}{' ...' if len(names) > 3 else ''}"
                for what, names in (("it lacks", missing), ("nothing reads", strange))
                if names
            )
        )
    for name, tensor in tensors.items():
        if tensor.shape != own[name].shape:
            raise MemberError(
                f"{where}: {name} has shape {tuple(tensor.shape)}, the network {tuple(own[name].shape)}; are "
                "classes and image size those that it was trained with?"
            )
    module.load_state_dict(tensors)


def _first(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
