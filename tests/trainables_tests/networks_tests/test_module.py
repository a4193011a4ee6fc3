"""Networks of others as classifiers: weights from files, frozen ones stay, mistakes get a sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from trainables.classifier.trainer import ClassifierTrainer
from trainables.data.dataset import load_dataset, to_tensors
from trainables.errors import MemberError
from trainables.networks.example_module import build
from trainables.networks.layers import main
from trainables.networks.module import ModuleNetwork
from trainables.networks.network import build_network
from trainables.seeds import generator
from trainables.settings.auxiliary import AuxiliaryConfig
from trainables.settings.module_network import ModuleClassifierConfig, TorchvisionClassifierConfig
from trainables.testing import check_network

SHAPE = (8, 8)


def with_norm(_shape: tuple[int, int], n_classes: int) -> nn.Module:
    """With batch normalisation, whose running means a frozen network must not move."""
    hidden = (nn.Flatten(), nn.Linear(64, 12), nn.BatchNorm1d(12), nn.ReLU())
    return nn.Sequential(*hidden, nn.Linear(12, n_classes))


def no_module(_shape: tuple[int, int], _n_classes: int) -> str:
    return "a module"


def fails(_shape: tuple[int, int], _n_classes: int) -> nn.Module:
    raise KeyError("config")


def without_classes(_shape: tuple[int, int]) -> nn.Module:
    return nn.Flatten()


def too_few_logits(_shape: tuple[int, int], n_classes: int) -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(64, n_classes - 1))


def for_larger_images(_shape: tuple[int, int], n_classes: int) -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(784, n_classes))


class InPlace(nn.Module):
    """Changes its layer's output by a statement."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.readout = nn.Linear(64, 12), nn.Linear(12, 10)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        h = self.hidden(images.flatten(1))
        h.add_(1)
        return self.readout(h)


def in_place(_shape: tuple[int, int], _n_classes: int) -> nn.Module:
    return InPlace()


def a_tuple(_shape: tuple[int, int], _n_classes: int) -> nn.Module:
    return WithTuple()


class WithTuple(InPlace):
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return (self.readout(self.hidden(images.flatten(1))), 1)  # type: ignore[return-value]


def path_of(factory: Callable[..., object]) -> str:
    return f"{__name__}:{factory.__name__}"


def network_of(**settings: object) -> ModuleNetwork:
    network = build_network(ModuleClassifierConfig(**settings), SHAPE, 10, generator(0))  # type: ignore[arg-type]
    assert isinstance(network, ModuleNetwork)
    return network


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    torch.manual_seed(3)
    save_file(build(SHAPE, 10).state_dict(), tmp_path / "own.safetensors")
    return tmp_path / "own.safetensors"


def test_it_keeps_what_every_network_keeps() -> None:
    check_network(ModuleClassifierConfig())


def test_weights_come_from_the_file_and_the_global_draws_stay(weights: Path, tmp_path: Path) -> None:
    torch.manual_seed(3)
    module = build(SHAPE, 10)
    torch.save(module.state_dict(), tmp_path / "own.pt")
    before = torch.random.get_rng_state()
    for file in (weights, tmp_path / "own.pt"):
        network = network_of(weights=str(file), train="finetune")
        images = torch.rand(4, *SHAPE, generator=generator(1))
        assert torch.equal(network(images), module(images.unsqueeze(1)))
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_frozen_network_stays_to_the_last_bit(tmp_path: Path) -> None:
    torch.manual_seed(3)
    save_file(with_norm(SHAPE, 10).state_dict(), tmp_path / "own.safetensors")
    data = to_tensors(load_dataset("digits", limit=100))
    config = ModuleClassifierConfig(
        factory=path_of(with_norm),
        layer="3",
        weights=str(tmp_path / "own.safetensors"),
        train="frozen",
        epochs=2,
    )
    trainer = ClassifierTrainer(config, AuxiliaryConfig(), data, seed=0)
    before = {name: tensor.clone() for name, tensor in trainer.network.state_dict().items()}
    trainer.train_epoch()
    assert all(torch.equal(tensor, before[name]) for name, tensor in trainer.network.state_dict().items())
    config = config.model_copy(update={"train": "finetune"})
    trained = ClassifierTrainer(config, AuxiliaryConfig(), data, seed=0)
    trained.train_epoch()
    now = trained.network.state_dict()
    for moved in ("module.1.weight", "module.2.running_mean"):
        assert not torch.equal(now[moved], before[moved])


def test_the_file_decides_the_identity_and_not_its_place(weights: Path, tmp_path: Path) -> None:
    here = ModuleClassifierConfig(weights=str(weights), train="frozen").identity()
    (tmp_path / "moved.safetensors").write_bytes(weights.read_bytes())
    moved = ModuleClassifierConfig(weights=str(tmp_path / "moved.safetensors"), train="frozen")
    assert moved.identity() == here
    torch.manual_seed(4)
    save_file(build(SHAPE, 10).state_dict(), tmp_path / "moved.safetensors")
    assert moved.identity() != here


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"layer": "hiden"}, "no layer 'hiden'; near it: hidden"),
        ({"factory": path_of(no_module)}, "gave a str"),
        ({"factory": path_of(fails)}, "fails failed: 'config'"),
        ({"factory": path_of(without_classes)}, "must take (image_shape, n_classes)"),
        ({"factory": path_of(too_few_logits), "layer": "0"}, "logits (2, 10) are needed"),
        ({"factory": path_of(for_larger_images), "layer": "0"}, "fails on images (1, 8, 8)"),
        ({"factory": path_of(in_place)}, "changes a value in place"),
        ({"factory": path_of(a_tuple)}, "the network gives a tuple"),
        ({"factory": "nowhere_at_all:build"}, "nowhere_at_all"),
        ({"weights": "gone.safetensors", "train": "frozen"}, "gone.safetensors cannot be read"),
    ],
)
def test_mistakes_get_a_sentence(settings: dict[str, object], says: str) -> None:
    with pytest.raises(MemberError) as error:
        network_of(**settings)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_weights_of_another_network_are_told_apart(weights: Path, tmp_path: Path) -> None:
    with pytest.raises(MemberError, match=r"it lacks 1\.bias"):
        network_of(factory=path_of(too_few_logits), layer="0", weights=str(weights), train="frozen")
    config = ModuleClassifierConfig(weights=str(weights), train="frozen")
    with pytest.raises(MemberError, match=r"readout\.bias has shape \(10,\), the network \(7,\)"):
        build_network(config, SHAPE, 7, generator(0))
    (tmp_path / "cut.safetensors").write_bytes(weights.read_bytes()[:100])
    with pytest.raises(MemberError, match="cannot be read as a state_dict"):
        network_of(weights=str(tmp_path / "cut.safetensors"), train="frozen")
    torch.save([1, 2], tmp_path / "list.pt")
    with pytest.raises(MemberError, match=r"save model\.state_dict"):
        network_of(weights=str(tmp_path / "list.pt"), train="frozen")


def test_torchvision_says_what_is_near() -> None:
    with pytest.raises(MemberError, match="near it: resnet18"):
        build_network(TorchvisionClassifierConfig(name="resnet-18"), SHAPE, 10, generator(0))


def test_layers_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trainables.networks.example_module:build", "--image", "8", "8"]) == 0
    assert "hidden   ReLU (32,)" in capsys.readouterr().out
    assert main(["nowhere_at_all:build"]) == 2
    assert "nowhere_at_all" in capsys.readouterr().err
