"""What every kind of SAE in the registry promises, whoever adds it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from tests.trainables_tests.sae_builders import (
    R,
    build,
    disturb,
    mean_l0,
    outputs,
    planted,
    sae_config,
    shell,
    unexplained,
)
from trainables import registry
from trainables.config import KINDS
from trainables.sae_training.train import train_sae
from trainables.saes.sparse_autoencoder import SparseAutoencoder

every_kind = pytest.mark.parametrize("kind", registry.SAES)


def smallest(kind: str) -> dict[str, Any]:
    """Every number at the least that its field allows; where that is open, the default."""
    fields = KINDS["sae"][kind].model_fields
    least = {name: [m.ge for m in field.metadata if hasattr(m, "ge")] for name, field in fields.items()}
    return {name: type(fields[name].default)(bounds[0]) for name, bounds in least.items() if bounds}


def own_loss(sae: SparseAutoencoder, x: Tensor) -> Tensor:
    forward = sae(x)
    loss, penalty = sae.reconstruction_loss(forward), sae.penalty(forward)
    return loss if penalty is None else loss + penalty


def one_step(sae: SparseAutoencoder, x: Tensor) -> dict[str, Tensor]:
    """The state after a first Adam step on x."""
    optimiser = torch.optim.Adam(sae.parameters(), lr=1e-3)
    own_loss(sae, x).backward()
    optimiser.step()
    with torch.no_grad():
        sae.end_step(sae(x))
    return {name: tensor.clone() for name, tensor in sae.state_dict().items()}


@every_kind
def test_smallest_config_trains(kind: str) -> None:
    config = sae_config(kind, **smallest(kind))
    assert config.width == 2
    result = train_sae(config, outputs(20), epochs=1, seed=0, device="cpu")
    assert all(tensor.isfinite().all() for tensor in result.sae.state_dict().values())


@every_kind
def test_a_few_steps_lower_its_own_loss_on_a_fixed_batch(kind: str) -> None:
    sae, x = build(kind, width=24), outputs(64)
    x = x * sae.scale
    optimiser = torch.optim.Adam(sae.parameters(), lr=2e-3)
    losses = []
    for _ in range(10):
        optimiser.zero_grad()
        loss = own_loss(sae, x)
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[1] < losses[0]
    assert losses[-1] < 0.98 * losses[0]


@every_kind
def test_saved_and_restored_it_takes_the_same_next_step(kind: str) -> None:
    config = sae_config(kind, width=24, k=3, target_l0=3.0)
    sae = shell(config, R)
    sae.initialise(outputs(), torch.Generator().manual_seed(0))
    x = outputs(40, seed=3) * sae.scale
    one_step(sae, x)  # weights and buffers have left their start
    again = shell(config, R)
    again.load_state_dict(sae.state_dict())
    sae.zero_grad()
    unbroken, restored = one_step(sae, x), one_step(again, x)
    assert all(torch.equal(restored[name], tensor) for name, tensor in unbroken.items())
    for left, right in zip(sae.eval().encode(x), again.eval().encode(x), strict=True):
        assert torch.equal(left, right)


@every_kind
def test_gradient_is_the_finite_difference_of_the_loss(kind: str) -> None:
    """In float64, along a random direction of each parameter whose gradient means to be the derivative."""
    sae = disturb(build(kind)).double()
    x = (outputs(30, seed=2).double() * sae.scale).requires_grad_(False)
    own_loss(sae, x).backward()
    generator = torch.Generator().manual_seed(0)
    checked = 0
    for name, parameter in sae.named_parameters():
        if name in sae.SURROGATE_GRADIENTS:
            continue
        direction = torch.randn(parameter.shape, generator=generator).double()
        assert parameter.grad is not None, name
        expected = float((parameter.grad * direction).sum())
        sides = []
        for step in (1e-7, -1e-7):  # so small that no code begins or ends to fire in between
            with torch.no_grad():
                parameter.add_(step * direction)
                sides.append(float(own_loss(sae, x)))
                parameter.sub_(step * direction)
        assert (sides[0] - sides[1]) / 2e-7 == pytest.approx(expected, rel=1e-5, abs=1e-6), name
        checked += 1
    assert checked >= 2


@every_kind
@pytest.mark.parametrize("side", [8, 28])
def test_trains_on_pixels_of_both_sizes(kind: str, side: int) -> None:
    images = torch.rand(60, side * side, generator=torch.Generator().manual_seed(side))
    y = images - images.mean(0)
    sae = train_sae(sae_config(kind, width=32, k=4), y, epochs=2, seed=0, device="cpu").sae
    u, z = sae.encode(y)
    assert u.shape == z.shape == (60, 32)
    assert bool((z >= 0).all())
    assert sae.decode(z).shape == y.shape
    assert unexplained(sae, y) < 1


@every_kind
def test_used_it_looks_at_each_sample_alone_and_a_shell_is_the_same(kind: str) -> None:
    y = planted(512, r=20)[0]
    config = sae_config(kind, width=48, k=4, target_l0=4.0, l1=0.3)
    sae = train_sae(config, y, epochs=3, seed=0, device="cpu").sae
    whole = sae.encode(y)[1]
    halves = torch.cat([sae.encode(part)[1] for part in y.split(100)])
    torch.testing.assert_close(halves, whole, rtol=1e-4, atol=1e-5)
    again = shell(config, 20)
    again.load_state_dict(sae.state_dict())
    assert torch.equal(again.eval().encode(y)[1], whole)
    assert not any(parameter.requires_grad for parameter in sae.parameters())
    torch.testing.assert_close(sae.decoder.norm(dim=1), torch.ones(48))


@every_kind
def test_a_few_steps_beat_predicting_the_mean(kind: str) -> None:
    y = planted(512, r=20)[0]
    y = y - y.mean(0)
    sae = train_sae(
        sae_config(kind, width=48, k=4, target_l0=4.0, l1=0.3), y, epochs=2, seed=0, device="cpu"
    ).sae
    assert unexplained(sae, y) < 0.8


@every_kind
def test_same_seed_same_sae_and_the_scale_of_the_input_does_not_matter(kind: str) -> None:
    y = planted(512, r=20)[0]
    config = sae_config(kind, width=48, k=4, target_l0=4.0, l1=0.3, resample=2, datapoint_init=0.5)
    first, again, scaled, other = (
        train_sae(config, size * y, epochs=3, seed=seed, device="cpu").sae
        for size, seed in ((1, 0), (1, 0), (4, 0), (1, 1))
    )
    assert all(
        torch.equal(a, b)
        for a, b in zip(first.state_dict().values(), again.state_dict().values(), strict=True)
    )
    torch.testing.assert_close(scaled.decoder, first.decoder)
    torch.testing.assert_close(scaled.encode(4 * y)[1], first.encode(y)[1])
    assert not torch.equal(first.encoder, other.encoder)


@every_kind
@pytest.mark.parametrize("n", [1, 2, 300])
def test_data_smaller_than_a_batch_and_activations_of_zero_stay_finite(kind: str, n: int) -> None:
    config = sae_config(
        kind, width=48, k=4, k_anneal=0.5, resample=2, datapoint_init=1.0, encoder_start="free"
    )
    for y in (planted(300, r=20)[0][:n], torch.zeros(n, 20)):
        result = train_sae(config, y, epochs=6, seed=0, device="cpu")
        assert all(tensor.isfinite().all() for tensor in result.sae.state_dict().values())
        assert len(result.history) == 6


@pytest.mark.parametrize(
    "kind", [kind for kind in registry.SAES if {"k", "target_l0"} & set(KINDS["sae"][kind].model_fields)]
)
def test_codes_are_as_many_as_asked_for(kind: str) -> None:
    y = planted(2000, r=20)[0]
    config = sae_config(kind, width=48, k=3, target_l0=3.0, batch_size=128)
    sae = train_sae(config, y, epochs=30, seed=0, device="cpu").sae
    assert mean_l0(sae, y) == pytest.approx(3, rel=0.15)
    assert unexplained(sae, y) < 0.4


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@every_kind
def test_bf16_on_cuda_is_near_float32(kind: str) -> None:
    y = planted(2000, r=20)[0]
    left = {
        precision: unexplained(
            train_sae(
                sae_config(kind, width=48, k=3, target_l0=3.0, l1=0.3, precision=precision),
                y,
                epochs=20,
                seed=0,
                device="cuda",
            ).sae,
            y.cuda(),
        )
        for precision in ("float32", "bf16")
    }
    assert left["bf16"] == pytest.approx(left["float32"], abs=0.05)
