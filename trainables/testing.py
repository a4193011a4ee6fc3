"""What every member of an open family promises, as checks that its author can run.

    from trainables.testing import check_sae
    def test_my_sae() -> None:
        check_sae(MySaeConfig(width=24))

Each check trains or fits on small data of a known make and raises AssertionError with a sentence. The tests
of this repository hold all its own members to the same.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import torch
from torch import Tensor, nn

from trainables.config import TrialConfig
from trainables.contracts.attribution import check_attribution
from trainables.contracts.classifying import check_concept_table, check_front_end, check_loop
from trainables.contracts.latent_loss import check_latent_loss
from trainables.contracts.metric import check_metric
from trainables.contracts.promise import generator as _generator
from trainables.contracts.promise import holds as _holds
from trainables.data.dataset import Parts, Source, Split, TensorSplit
from trainables.data.stroke_mask import stroke_mask
from trainables.losses.training_batch import LossSetup, TrainingBatch
from trainables.networks.network import Network, build_network
from trainables.sae_training.grouping import stack_key
from trainables.sae_training.request import SaeRequest, result_of
from trainables.sae_training.stacked import train_stack
from trainables.sae_training.train import train_sae
from trainables.settings.auxiliary import AuxiliaryConfig
from trainables.settings.basis import BasisConfig
from trainables.settings.classifier import ClassifierTrainingConfig, MlpClassifierConfig
from trainables.settings.data import DataConfig
from trainables.settings.sae import SaeTrainingConfig
from trainables.settings.section import LossConfig, Member

__all__ = [
    "check_attribution",
    "check_basis",
    "check_concept_table",
    "check_data_source",
    "check_front_end",
    "check_latent_loss",
    "check_loop",
    "check_loss",
    "check_metric",
    "check_network",
    "check_sae",
]

CPU = torch.device("cpu")


def check_sae(config: SaeTrainingConfig) -> None:
    """Codes are >= 0 and of each sample alone; training is finite, repeatable, explains sparse data better
    than its mean, and is the same in a stack for whatever its settings declare as varying."""
    _check_settings(config, "sae")
    y = _sparse(512, 20)
    train = lambda seed=0, on=y: train_sae(config, on, epochs=3, seed=seed, device="cpu").sae  # noqa: E731
    sae = train()
    u, z = sae.encode(y)
    _holds(u.shape == z.shape == (len(y), config.width), f"codes have shape {tuple(z.shape)}, not (n, width)")
    _holds(bool(z.isfinite().all()), "codes are not finite")
    _holds(bool((z >= 0).all()), "some codes are negative")
    parts = torch.cat([sae.encode(part)[1] for part in y.split(100)])
    _holds(
        torch.allclose(parts, z, rtol=1e-4, atol=1e-4), "a sample's codes depend on what is encoded with it"
    )
    error = (y - sae.decode(z)).square().sum() / (y - y.mean(0)).square().sum()
    _holds(float(error) < 1, f"after training it explains less than the mean does: FVU {float(error):.2f}")
    _same_state(sae, train(), "the same seed gives another SAE")
    shell = config.load_implementation()(config, y.shape[1])
    shell.load_state_dict(sae.state_dict())
    _holds(torch.equal(shell.eval().encode(y)[1], z), "a shell with the same weights encodes otherwise")
    for n in (1, 2):
        weights = train_sae(config, y[:n], epochs=2, seed=0, device="cpu").sae.state_dict().values()
        _holds(
            all(bool(t.isfinite().all()) for t in weights), f"{n} samples leave weights that are not finite"
        )
    _check_stack(config, y)


def check_basis(config: BasisConfig) -> None:
    """Encoding then decoding is a projection that keeps the mean; a shell filled with its tensors is the
    fitted basis; the same seed gives the same one; and a dead layer leaves it finite."""
    _check_settings(config, "basis")
    kind, h = config.load_implementation(), _hidden(400, 12)
    basis = kind.fit(h, config, 0)
    y = basis.encode(h)
    _holds(y.shape == (len(h), basis.rank), f"outputs have shape {tuple(y.shape)}, not (n, rank)")
    once = basis.decode(y)
    _close(basis.decode(basis.encode(once)), once, "encoding twice is not encoding once: no projection")
    _close(once.mean(0), h.mean(0), "the train mean is not kept")
    shell = kind(config, h.shape[1])
    shell.load_state_dict(basis.state_dict())
    _holds(torch.equal(shell.encode(h), y), "a shell with the same tensors encodes otherwise")
    torch.manual_seed(99)
    _same_state(basis, kind.fit(h, config, 0), "the same seed gives another basis")
    silent = kind.fit(torch.zeros(4, 12), config, 0).encode(h)
    _holds(bool(silent.isfinite().all()), "fitted to activations of 0 its outputs are not finite")


def check_network(config: ClassifierTrainingConfig) -> None:
    """Hidden activations are >= 0 and as many as `hidden_size`; head after hidden is forward; the generator
    alone decides the weights; every parameter gets a gradient."""
    _check_settings(config, "classifier")
    for side in (8, 28):
        images = _images(12, side)
        network = build_network(config, (side, side), 4, _generator(0))
        hidden = network.hidden(images)
        _holds(hidden.shape == (12, network.hidden_size), f"hidden has shape {tuple(hidden.shape)}")
        _holds(bool((hidden >= 0).all()), "some hidden activations are negative")
        _holds(network(images).shape == (12, 4), "logits are not (images, classes)")
        _close(network.head(hidden), network(images), "forward is not the head of the hidden activations")
        torch.manual_seed(99)
        again = build_network(config, (side, side), 4, _generator(0))
        _same_state(network, again, "the same generator gives another network")
        network(images).square().sum().backward()
        missing = [name for name, p in network.named_parameters() if p.requires_grad and p.grad is None]
        _holds(not missing, f"no gradient reaches {', '.join(missing)}")
        _holds(bool(network.first_weights()), "first_weights is empty")
        # A network may say by a ValueError that no linear layer makes its hidden units.
        with suppress(ValueError):
            _holds(network.hidden_layer().weight.shape[0] == network.hidden_size, "hidden_layer is another")
        _holds(network.readout_layer().weight.shape == (4, network.hidden_size), "readout_layer is another")


def check_loss(config: LossConfig, classifier: ClassifierTrainingConfig | None = None) -> None:
    """A finite scalar >= 0, equal on equal draws, whose gradient step lowers it; off unless asked for."""
    name, network = (
        config.loss_name(),
        build_network(classifier or MlpClassifierConfig(), (8, 8), 4, _generator(0)),
    )
    _holds(type(config).model_fields[name].default == 0, f"{name} must be 0, off, by default")
    network, images = network.double(), _images(40, 8).double()
    auxiliary: Any = config if isinstance(config, AuxiliaryConfig) else _section_with(config)
    split = TensorSplit(images, torch.arange(40) % 4)
    made = config.load_implementation()
    loss = (
        made(LossSetup(auxiliary, split, network.hidden_size, _generator(1)))
        if isinstance(made, type)
        else made
    )
    learned = list(network.parameters())
    if isinstance(loss, nn.Module):
        learned += list(loss.double().parameters())
    value = loss(_batch(network, images))
    found = float(value.detach())
    _holds(value.shape == () and bool(value.isfinite()), f"its value is {value}, not a finite scalar")
    _holds(found >= 0, f"it is {found:.3g} < 0")
    _holds(float(loss(_batch(network, images)).detach()) == found, "equal draws give another value")
    gradients = torch.autograd.grad(value, learned, allow_unused=True)
    energy = sum(float(g.square().sum()) for g in gradients if g is not None)
    _holds(energy > 0, "it has no gradient with respect to the network")
    with torch.no_grad():
        for parameter, gradient in zip(learned, gradients, strict=True):
            if gradient is not None:
                parameter.sub_(gradient, alpha=1e-3 * found / energy)
    _holds(
        float(loss(_batch(network, images)).detach()) < found,
        "a small step down its gradient does not lower it",
    )


def check_data_source(config: DataConfig, source: Source | None = None) -> None:
    """Three disjoint splits of images in [0, 1] of one shape, every class in train, the same each time."""
    load: Callable[[Source], Parts] = config.load_implementation()
    source = source or Source(settings=config.model_dump())
    parts, again = load(source), load(source)
    splits: dict[str, Split] = {"train": parts.train, "val": parts.val, "test": parts.test}
    seen: set[bytes] = set()
    for name, split in splits.items():
        _holds(len(split) > 0, f"{name} is empty")
        low, high = split.images.min(), split.images.max()
        _holds(low >= 0 and high <= 1, f"{name} has pixels from {low:g} to {high:g}, not within [0, 1]")
        _holds(split.images.shape[1:] == parts.train.images.shape[1:], f"images of {name} have another shape")
        _holds(
            split.labels.min() >= 0 and split.labels.max() < parts.n_classes,
            f"{name} has labels beyond n_classes",
        )
        own = {image.tobytes() for image in split.images}
        _holds(not own & seen, f"{name} has images that are in another split too")
        seen |= own
        other = getattr(again, name)
        _holds((other.images == split.images).all(), f"{name} is not the same when loaded again")
    present = len(set(parts.train.labels.tolist()))
    _holds(present == parts.n_classes, f"train has {present} of {parts.n_classes} classes")


def _check_settings(config: Member, section: str) -> None:
    """A trial with it can be written down and read again, and every rule names settings that there are."""
    trial = TrialConfig.model_validate({section: config.model_dump()})
    _holds(
        TrialConfig.model_validate(trial.model_dump()) == trial, "its settings do not survive being written"
    )
    for rule in config.all_rules():
        for path in rule.fields:
            where, _, name = path.partition(".")
            _holds(
                hasattr(getattr(trial, where, None), name) or where != section,
                f"the rule {rule.sentence!r} names {path}, which is no setting",
            )


def _check_stack(config: SaeTrainingConfig, y: Tensor) -> None:
    """Only where the kind declares what may vary."""
    requests = [SaeRequest(config, y, 2, seed) for seed in range(2)]
    if stack_key(requests[0]) != stack_key(requests[1]):
        return
    for request, outcome in zip(requests, train_stack(requests, CPU), strict=True):
        alone = train_sae(config, y, epochs=2, seed=request.seed, device="cpu").sae
        stacked = result_of(outcome).sae
        error = [float((y - each.decode(each.encode(y)[1])).square().sum()) for each in (alone, stacked)]
        _holds(
            abs(error[0] - error[1]) <= 0.05 * error[0],
            f"in a stack its squared error is {error[1]:.4g}, alone {error[0]:.4g}",
        )


def _section_with(config: LossConfig) -> AuxiliaryConfig:
    """The auxiliary section with this loss alone switched on."""
    path = f"{type(config).__module__}:{type(config).__qualname__}"
    values = {**config.model_dump(), config.loss_name(): 1.0}
    if type(config) in AuxiliaryConfig.__mro__:
        return AuxiliaryConfig.model_validate(values)
    return AuxiliaryConfig.read({"losses": path, **values})


def _batch(network: Network, images: Tensor) -> TrainingBatch:
    rows = torch.arange(len(images))
    return TrainingBatch(
        network, images, network.hidden(images), rows % 4, rows, stroke_mask(images), _generator(3)
    )


def _images(n: int, side: int) -> Tensor:
    return torch.rand(n, side, side, generator=_generator(side)) ** 3


def _hidden(n: int, d: int) -> Tensor:
    """h (n, d) like a ReLU layer's, the last units always 0."""
    g = _generator(0)
    h = (torch.randn(n, d, generator=g) @ torch.randn(d, d, generator=g) + 0.5).relu() * torch.logspace(
        -1, 1, d
    )
    h[:, d - 3 :] = 0
    return h


def _sparse(n: int, r: int) -> Tensor:
    """y (n, r) of sparse codes on 24 directions."""
    g = _generator(0)
    directions = nn.functional.normalize(torch.randn(24, r, generator=g), dim=1)
    codes = (torch.rand(n, 24, generator=g).argsort(1) < 2) * (0.5 + torch.rand(n, 24, generator=g))
    y = codes @ directions
    return y - y.mean(0)


def _same_state(one: nn.Module, other: nn.Module, sentence: str) -> None:
    left, right = one.state_dict(), other.state_dict()
    _holds(left.keys() == right.keys() and all(torch.equal(t, right[n]) for n, t in left.items()), sentence)


def _close(one: Tensor, other: Tensor, sentence: str) -> None:
    _holds(torch.allclose(one, other, rtol=1e-3, atol=1e-3), sentence)
