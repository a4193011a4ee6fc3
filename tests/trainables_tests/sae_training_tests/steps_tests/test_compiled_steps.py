"""Compiled steps against autograd: the same losses, gradients and, after a training, the same SAE."""

from __future__ import annotations

import copy
import sys
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor

from tests.trainables_tests.sae_builders import disturb, outputs, planted, sae_config, shell
from trainables import registry
from trainables.sae_training.resampling import resample
from trainables.sae_training.steps.choice import choose_step, takes_compiled_steps
from trainables.sae_training.steps.plain import PlainStep
from trainables.sae_training.steps.relu import ReluStep
from trainables.sae_training.steps.sparse import SparseStep
from trainables.sae_training.train import train_sae
from trainables.saes.sparse_autoencoder import Forward, SparseAutoencoder

COMPILED = [kind for kind, config in registry.SAES.items() if vars(config).get("compiled_step")]
every_kind = pytest.mark.parametrize("kind", COMPILED)
LIMITS = settings(max_examples=25, deadline=None)
NAMES = ("decoder", "encoder", "encoder_bias", "decoder_bias")


@dataclass(frozen=True)
class Case:
    """One SAE twice, once for each way, and inputs; the plain one in float64."""

    plain: PlainStep
    compiled: SparseStep
    x: Tensor

    def sparse_gradients(self, dead: Tensor | None, penalty_factor: float) -> dict[str, Tensor]:
        outcome = self.compiled.gradients(self.x, penalty_factor, dead)
        assert outcome is not None
        return self._gradients() | {"figures": outcome.figures, "fired": outcome.fired}

    def dense_gradients(self, dead: Tensor | None, penalty_factor: float) -> dict[str, Tensor]:
        assert isinstance(self.compiled.dense, ReluStep)
        outcome = self.compiled.dense.gradients(self.x, penalty_factor, dead)
        return self._gradients() | {"figures": outcome.figures, "fired": outcome.fired}

    def _gradients(self) -> dict[str, Tensor]:
        descent = self.compiled.descent
        parts = (descent.to_decoder, descent.to_encoder.T, descent.to_encoder_bias, descent.to_decoder_bias)
        return dict(zip(NAMES, (part.clone() for part in parts), strict=True))

    def expected(self, dead: Tensor | None, penalty_factor: float) -> tuple[Forward, dict[str, Tensor]]:
        sae = self.plain.sae
        forward, loss = self.plain.loss(self.x.double(), penalty_factor, dead)
        sae.zero_grad()
        loss.backward()
        sae.project_decoder_gradient()
        gradients = {name: parameter.grad for name, parameter in sae.named_parameters()}
        size = len(self.x)
        fired = forward.z > 0
        squared_error = forward.residual.square().sum() / size
        figures = torch.stack([loss.detach(), squared_error.detach(), fired.sum() / size])
        whole = {name: gradient for name, gradient in gradients.items() if gradient is not None}
        return forward, whole | {"figures": figures, "fired": fired.any(0)}


def case(kind: str, rows: int, r: int, width: int, k: int, seed: int = 0, **fields: Any) -> Case:
    """An SAE away from its start, with few active codes in the ReLU kinds too."""
    config = sae_config(kind, **{"width": width, "k": k, "target_l0": 3.0, "prefixes": 3, "l1": 0.3} | fields)
    y = outputs(max(rows, 8), r, seed)
    sae = shell(config, r)
    sae.initialise(y, torch.Generator().manual_seed(seed))
    disturb(sae, seed, 0.05).normalise_decoder()
    x = (y * sae.scale)[:rows].detach()
    if kind.startswith("relu"):
        with torch.no_grad():
            u = sae.encode_scaled(x)[0]
            wanted = max(1, rows * width // 12)
            sae.encoder_bias.sub_(u.flatten().sort(descending=True).values[wanted - 1 : wanted + 1].mean())
    sae.begin_step(1.0)
    return Case(PlainStep(config, copy.deepcopy(sae).double(), adam(sae)), compiled(config, sae, rows), x)


def adam(sae: SparseAutoencoder) -> torch.optim.Optimizer:
    return torch.optim.Adam(sae.parameters(), lr=1e-3, fused=True)


def compiled(config: Any, sae: SparseAutoencoder, rows: int) -> SparseStep:
    step = choose_step(config, sae, adam(sae), rows)
    assert isinstance(step, SparseStep)
    return step


def assert_same(got: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    assert torch.equal(got["fired"], expected["fired"])
    for name in (*NAMES, "figures"):
        size = float(expected[name].abs().max()) + 1e-6
        torch.testing.assert_close(got[name].double(), expected[name], rtol=2e-4, atol=2e-5 * size, msg=name)


def far_from_ties(forward: Forward) -> bool:
    """Whether float32 and float64 must pick the same codes: none lies next to 0 or one that is not picked."""
    if bool(forward.u.abs().min() < 1e-5):
        return False
    kept = forward.z > 0
    out = torch.where(kept, -torch.inf, forward.u).clamp(min=0)
    smallest = torch.where(kept, forward.u, torch.inf)
    return bool(smallest.min() > out.max() + 1e-4) or bool(
        (smallest.min(1).values > out.max(1).values + 1e-4).all()
    )


@every_kind
@LIMITS
@given(
    rows=st.integers(1, 20),
    r=st.sampled_from([1, 5, 16, 33]),
    width=st.integers(6, 90),
    share=st.floats(0, 1),
    n_dead=st.integers(0, 20),
    penalty_factor=st.sampled_from([0.3, 1.0]),
    seed=st.integers(0, 1000),
)
def test_gradients_are_those_of_autograd(
    kind: str, rows: int, r: int, width: int, share: float, n_dead: int, penalty_factor: float, seed: int
) -> None:
    k = max(1, int(share * width / 3))
    it = case(kind, rows, r, width, k, seed)
    generator = torch.Generator().manual_seed(seed)
    dead = torch.randperm(width, generator=generator)[:n_dead].sort().values if n_dead else None
    forward, expected = it.expected(dead, penalty_factor)
    assume(far_from_ties(forward))
    if dead is not None:
        largest = forward.u[:, dead].topk(min(n_dead, max(1, r // 16) + 1), dim=1).values
        assume(largest.shape[1] < 2 or bool((largest[:, -2] - largest[:, -1] > 1e-4).all()))
        assume(rows > 1)  # of one sample the residual has no variance but rounding
    if float(expected["figures"][2]) <= int(it.compiled.selection.share * width):
        assert_same(it.sparse_gradients(dead, penalty_factor), expected)
    if kind.startswith("relu"):
        assert_same(it.dense_gradients(dead, penalty_factor), expected)


@every_kind
def test_the_next_weights_are_those_of_clipping_adam_and_unit_rows(kind: str) -> None:
    """Three steps, so that moments count."""
    it = case(kind, 40, 16, 90, 4)
    fast = it.compiled
    sae = copy.deepcopy(fast.selection.sae)  # type: ignore[attr-defined]
    plain = PlainStep(it.plain.config, sae, adam(sae))
    for dead in (None, torch.tensor([3, 5]), None):
        expected = plain.take(it.x, 2e-3, 0.7, dead)
        got = fast.take(it.x, 2e-3, 0.7, dead)
        torch.testing.assert_close(got.figures, expected.figures, rtol=1e-4, atol=1e-4)
        assert torch.equal(got.fired, expected.fired)
    ours = fast.selection.sae.state_dict()  # type: ignore[attr-defined]
    for name, tensor in sae.state_dict().items():
        torch.testing.assert_close(ours[name], tensor, rtol=1e-3, atol=1e-5, msg=name)


@every_kind
def test_fifty_steps_end_where_plain_ones_do_with_resampling_and_changing_ways(kind: str) -> None:
    """Some steps of the compiled training are plain ones: the ways share Adam's state."""
    y = planted(640, 24, 40, 3)[0]
    config = sae_config(kind, width=96, k=6, target_l0=6.0, l1=0.3, k_anneal=0.5, dead_window=100)
    ends = []
    for mixed in (False, True):
        sae = shell(config, 24)
        sae.initialise(y, torch.Generator().manual_seed(0))
        optimiser = adam(sae)
        plain = PlainStep(config, sae, optimiser)
        step = choose_step(config, sae, optimiser, 64) if mixed else plain
        generator = torch.Generator().manual_seed(1)
        figures = []
        for i in range(50):
            sae.begin_step(i / 50)
            if i == 25:
                resample(sae, optimiser, y * sae.scale, torch.tensor([1, 50]), generator)
            x = (y * sae.scale)[64 * (i % 10) : 64 * (i % 10 + 1)]
            taker = plain if i % 7 == 3 else step
            figures.append(taker.take(x, 2e-3, 1.0, torch.tensor([2, 30, 31]) if i % 2 else None).figures)
        ends.append((sae, torch.stack(figures)))
    (plain_sae, plain_figures), (mixed_sae, mixed_figures) = ends
    torch.testing.assert_close(mixed_figures, plain_figures, rtol=0.02, atol=0.05)
    cosines = (plain_sae.decoder * mixed_sae.decoder).detach().sum(1)
    assert float(cosines.min()) > 0.99


def test_kinds_without_a_kernel_other_devices_and_frozen_decoders_take_plain_steps() -> None:
    for kind in registry.SAES:
        config = sae_config(kind, width=24)
        sae = shell(config, 6)
        step = choose_step(config, sae, adam(sae), 8)
        assert isinstance(step, SparseStep if kind in COMPILED else PlainStep)
        assert takes_compiled_steps(sae_config(kind), torch.device("cpu")) == (kind in COMPILED)
        assert not takes_compiled_steps(sae_config(kind), torch.device("cuda"))
        sae.decoder.requires_grad_(False)
        assert isinstance(choose_step(config, sae, adam(sae), 8), PlainStep)


@every_kind
def test_without_numba_steps_are_plain_and_end_in_nearly_the_same_sae(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    y = planted(512, 24, 40, 3)[0]
    config = sae_config(kind, width=96, k=6, target_l0=6.0, l1=0.3)
    with_numba = train_sae(config, y, epochs=3, seed=0, device="cpu")
    monkeypatch.setitem(sys.modules, "numba", None)  # Python's way to say that there is no such module
    assert not takes_compiled_steps(sae_config(kind), torch.device("cpu"))
    without = train_sae(config, y, epochs=3, seed=0, device="cpu")
    assert without.history[-1] == pytest.approx(with_numba.history[-1], rel=1e-3)
    torch.testing.assert_close(without.sae.decoder, with_numba.sae.decoder, rtol=0, atol=1e-3)


@every_kind
def test_a_batch_that_its_buffers_cannot_hold_is_refused(kind: str) -> None:
    it = case(kind, 8, 5, 30, 2)
    with pytest.raises(ValueError, match="a batch of 9 in buffers for 8"):
        it.compiled.gradients(torch.zeros(9, 5), 1.0, None)


@every_kind
def test_input_that_is_not_a_number_shows_in_the_loss(kind: str) -> None:
    it = case(kind, 8, 5, 30, 2)
    it.x[3, 2] = torch.nan
    outcome = it.compiled.take(it.x, 1e-3, 1.0, None)
    assert bool(outcome.figures[0].isnan())
