"""Requests that differ in all that members of a stack may, and each of them alone through the plain step."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from tests.trainables_tests.sae_builders import planted, sae_config
from trainables.sae_training import train
from trainables.sae_training.local import train_alone
from trainables.sae_training.request import SaeRequest, SaeResult
from trainables.sae_training.steps.plain import PlainStep

CPU = torch.device("cpu")
R, WIDTH, EPOCHS = 40, 64, 3
# Windows are shorter than an epoch, so that latents die and are revived within a few steps.
MEMBERS: tuple[dict[str, Any], ...] = (
    {"k": 4, "target_l0": 4.0, "l1": 0.3, "resample": 2, "dead_window": 100},
    {
        "k": 7,
        "k_anneal": 0.6,
        "target_l0": 6.0,
        "l1": 1.0,
        "learning_rate_scale": 3.0,
        "beta1": 0.8,
        "warmup": 0.2,
        "decay": 0.5,
        "bandwidth": 0.3,
        "l0_weight": 2.0,
        "auxk": 0.0,
    },
    {
        "k": 2,
        "target_l0": 3.0,
        "l1": 2.0,
        "resample": 3,
        "datapoint_init": 0.5,
        "k_anneal": 0.3,
        "encoder_start": "free",
        "beta2": 0.99,
        "auxk": 0.5,
        "dead_window": 150,
    },
)


def inputs(n: int = 300) -> tuple[Tensor, Tensor, Tensor]:
    """y (n, R) of three members, of whom the first and the last have the same."""
    shared, other = planted(n, R)[0], planted(n, R, seed=3)[0]
    return shared, other, shared


def requests(kind: str, n: int = 300, epochs: int = EPOCHS, **fields: Any) -> list[SaeRequest]:
    """Three of one stack; the second keeps its first decoder."""
    common = {"width": WIDTH, "batch_size": 64, "prefixes": 3} | fields
    return [
        SaeRequest(
            sae_config(kind, **(own | common)), y, epochs, seed, held="decoder" if seed == 1 else "nothing"
        )
        for seed, (own, y) in enumerate(zip(MEMBERS, inputs(n), strict=True))
    ]


def alone(request: SaeRequest, monkeypatch: pytest.MonkeyPatch, device: torch.device = CPU) -> SaeResult:
    """What the plain step makes of it."""
    monkeypatch.setattr(train, "choose_step", lambda config, sae, adam, _: PlainStep(config, sae, adam))
    trained = train_alone(request, device)
    assert isinstance(trained, SaeResult)
    return trained


def assert_close(found: SaeResult, expected: SaeResult, tolerance: float = 2e-4) -> None:
    """The same SAE and history up to rounding, which training has multiplied."""
    assert set(found.sae.state_dict()) == set(expected.sae.state_dict())
    for name, tensor in expected.sae.state_dict().items():
        torch.testing.assert_close(
            found.sae.state_dict()[name],
            tensor,
            rtol=tolerance,
            atol=tolerance,
            msg=lambda m, n=name: f"{n}: {m}",
        )
    for one, other in zip(found.history, expected.history, strict=True):
        assert one == pytest.approx(other, rel=tolerance, abs=tolerance)
