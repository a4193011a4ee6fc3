"""Cutting modules of others: exact where they can be cut, one sentence where they cannot."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torchvision import models

from trainables.networks.cut import Cut, CutError, layer_names


class Residual(nn.Module):
    """y = x + inner(x) inside, then a readout."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.inner, self.readout = nn.Linear(6, 6), nn.Linear(6, 6), nn.Linear(6, 3)
        self.act = nn.ReLU(inplace=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.act(self.first(x.flatten(1)))
        return self.readout(self.act(h + self.inner(h)))


class ByValue(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(6, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x.flatten(1)) if x.sum() > 0 else self.layer(-x.flatten(1))


class Unused(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.used, self.spare = nn.Linear(6, 3), nn.Sequential(nn.Linear(6, 3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.used(x.flatten(1))


class Dropping(nn.Module):
    """Drops by a function that is told the mode, not by a layer."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.readout = nn.Linear(6, 40), nn.Linear(40, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.readout(nn.functional.dropout(self.layer(x.flatten(1)), 0.5, training=self.training))


IMAGES = torch.rand(5, 1, 2, 3, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("layer", ["first", "act", "readout"])
def test_the_two_parts_are_the_module(layer: str) -> None:
    module = Residual()
    cut = Cut(module, layer)
    assert torch.equal(cut.after(cut.before(IMAGES)), module(IMAGES))


def test_the_output_is_what_a_hook_sees() -> None:
    module, seen = Residual(), []
    module.first.register_forward_hook(lambda _m, _i, output: seen.append(output.clone()))
    module(IMAGES)
    assert torch.equal(Cut(module, "first").before(IMAGES), seen[0])


def test_gradients_reach_the_weights_on_both_sides() -> None:
    module = Residual()
    cut = Cut(module, "first")
    cut.after(cut.before(IMAGES).clone()).square().sum().backward()
    assert all(parameter.grad is not None for parameter in module.parameters())


@pytest.mark.parametrize(
    ("module", "layer", "says"),
    [
        (Residual(), "inner", "past the layer 'inner'"),
        (Residual(), "frist", "near it: first"),
        (ByValue(), "layer", "cannot be traced"),
        (Unused(), "spare", "never calls its layer 'spare'"),
    ],
)
def test_why_not_is_said(module: nn.Module, layer: str, says: str) -> None:
    with pytest.raises(CutError) as error:
        Cut(module, layer)
    assert says in str(error.value)


@pytest.mark.parametrize(
    ("name", "layer", "shape"),
    [
        ("resnet18", "layer3", (256, 2, 2)),
        ("resnet18", "avgpool", (512, 1, 1)),
        ("vit_b_16", "encoder.layers.encoder_layer_0", (5, 48)),
    ],
)
def test_torchvisions_own(name: str, layer: str, shape: tuple[int, ...]) -> None:
    sizes = {"image_size": 32, "patch_size": 16, "num_layers": 2, "hidden_dim": 48, "mlp_dim": 64}
    torch.manual_seed(0)
    module = (
        models.VisionTransformer(**sizes, num_heads=2, num_classes=7)
        if name == "vit_b_16"
        else models.get_model(name, weights=None, num_classes=7)
    ).eval()
    images, cut = torch.rand(2, 3, 32, 32), Cut(module, layer)
    with torch.no_grad():
        assert cut.before(images).shape == (2, *shape)
        assert torch.equal(cut.after(cut.before(images)), module(images))
    assert layer in layer_names(module)


def test_each_mode_has_its_own_graph() -> None:
    module = Dropping()
    cut, still = Cut(module, "layer"), Cut(module, "layer", training=False)
    h = cut.before(IMAGES)
    assert not torch.equal(cut.after(h), cut.after(h))
    assert torch.equal(still.after(h), still.after(h))
    module.eval()
    assert torch.equal(cut.after(h), module(IMAGES))


@pytest.mark.parametrize(("layer", "is_alone"), [("first", False), ("act", True), ("inner.0", True)])
def test_only_what_reads_the_layer_alone_is_its_readout(layer: str, is_alone: bool) -> None:
    module = nn.Sequential()
    module.add_module("first", nn.Linear(6, 6))
    module.add_module("act", nn.ReLU())
    module.add_module("inner", nn.Sequential(nn.Flatten(), nn.Linear(6, 3)))
    found = Cut(module, layer).readout()
    assert found is (module.get_submodule("inner.1") if is_alone else None)
