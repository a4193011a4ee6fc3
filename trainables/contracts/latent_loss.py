"""What a loss on latents promises."""

from __future__ import annotations

import torch
from torch import Tensor

from trainables.classifier.objective import active_losses
from trainables.contracts.promise import generator, holds
from trainables.losses.latents.latent_batch import LatentBatch
from trainables.settings.loop import JointLoopConfig
from trainables.settings.section import LatentLossConfig

SIDE, CLASSES, IMAGES = 14, 4, 24


def check_latent_loss(config: LatentLossConfig) -> None:
    """A finite scalar >= 0, equal on equal draws, whose gradient step lowers it; off unless asked for."""
    name = config.loss_name()
    holds(type(config).model_fields[name].default == 0, f"{name} must be 0, off, by default")
    ((_, loss),) = active_losses(_section_with(config), lambda _: _section_with(config)).values()
    weights = _latents().requires_grad_()
    value = loss(_batch(weights))
    found = float(value.detach())
    holds(value.shape == () and bool(value.isfinite()), f"its value is {value}, not a finite scalar")
    holds(found >= 0, f"it is {found:.3g} < 0")
    (gradient,) = torch.autograd.grad(value, (weights,), allow_unused=True)
    energy = 0.0 if gradient is None else float(gradient.square().sum())
    holds(energy > 0, "it has no gradient with respect to what the latents read")
    stepped = (weights.detach() - 1e-4 * found / energy * gradient).requires_grad_()
    held = _batch(weights)
    holds(float(loss(held).detach()) == found, "equal draws give another value")
    holds(
        float(loss(_batch(stepped, held)).detach()) < found,
        "a small step down its gradient does not lower it, its constants held",
    )


def _section_with(config: LatentLossConfig) -> JointLoopConfig:
    """The joint loop's settings with this loss alone switched on."""
    values: dict[str, object] = {**config.model_dump(), config.loss_name(): 1.0}
    if type(config) not in JointLoopConfig.__mro__:
        values["losses"] = f"{type(config).__module__}:{type(config).__qualname__}"
    return JointLoopConfig.read(values)


def _batch(weights: Tensor, held: LatentBatch | None = None) -> LatentBatch:
    """Latents u = <w, x> on images with a few strokes, float64; their readers are also their writers.

    What a batch holds constant is as in `held`, if given.
    """

    def read(images: Tensor) -> Tensor:
        return images.to(weights).flatten(1) @ weights

    images = _strokes()
    batch = LatentBatch(
        read,
        images,
        torch.arange(IMAGES) % CLASSES,
        read(images),
        torch.tensor(1.0, dtype=torch.float64),
        encoder=weights,
        decoder=weights.T,
        generator=generator(5),
        read_one=lambda given, latents: read(given).gather(1, latents[:, None]).squeeze(1),
        unit_places=torch.cartesian_prod(*(torch.linspace(0, 1, SIDE, dtype=torch.float64),) * 2),
    )
    if held is not None:
        constant = ("codes", "chosen", "own", "part", "blob", "overlap", "hosts")
        batch.__dict__.update({name: getattr(held, name) for name in constant})
    return batch


def _strokes() -> Tensor:
    """Images (n, h, w), each with three bars of full ink."""
    images = torch.zeros(IMAGES, SIDE, SIDE, dtype=torch.float64)
    draws = generator(2)
    for image in images:
        for turned in (image, image.T, image):
            row, start = (int(torch.randint(1, SIDE - 6, (), generator=draws)) for _ in range(2))
            turned[row : row + 2, start : start + 5] = 1.0
    return images


def _latents() -> Tensor:
    """Weights (pixels, f): what some of the images show, and noise."""
    noise = 0.02 * torch.randn(SIDE * SIDE, 12, generator=generator(4), dtype=torch.float64)
    return 0.12 * _strokes()[:12].flatten(1).T + noise
