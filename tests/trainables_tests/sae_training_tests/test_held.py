"""What is held still stays, what is held softly stays near, alone and in a stack."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from tests.trainables_tests.sae_training_tests.stacks_tests.builders import (
    CPU,
    alone,
    assert_close,
    requests,
)
from trainables.sae_training.grouping import stacks_of
from trainables.sae_training.held import LEAST_COSINE, Held, near
from trainables.sae_training.local import train_alone
from trainables.sae_training.request import SaeRequest, result_of
from trainables.sae_training.stacked import train_stack
from trainables.seeds import generator

KINDS: tuple[Held, ...] = ("decoder", "decoder_softly", "encoder", "nothing")


def test_rows_outside_the_cone_are_turned_back_onto_it_and_others_left_alone() -> None:
    draw = generator(0)
    first = F.normalize(torch.randn(200, 5, generator=draw, dtype=torch.float64), dim=1)
    rows = F.normalize(first + 0.5 * torch.randn(200, 5, generator=draw, dtype=torch.float64), dim=1)
    outside = (rows * first).sum(dim=1) < LEAST_COSINE
    assert 20 < int(outside.sum()) < 180
    found = near(rows, first)
    assert torch.allclose(found.norm(dim=1), torch.ones(200, dtype=torch.float64))
    assert torch.equal(found[~outside], rows[~outside])
    assert torch.allclose(
        (found * first).sum(dim=1)[outside], torch.tensor(LEAST_COSINE, dtype=torch.float64)
    )
    # Nowhere on the cone lies a direction nearer to the row: both lie in one plane with the first.
    basis = torch.stack([first, rows], dim=1)[outside]
    flat = torch.linalg.lstsq(basis.transpose(1, 2), found[outside][..., None])
    rebuilt = (basis.transpose(1, 2) @ flat.solution)[..., 0]
    assert torch.allclose(rebuilt, found[outside])


def test_a_row_that_has_turned_round_comes_back_to_its_first() -> None:
    first = torch.tensor([[1.0, 0.0]])
    assert torch.allclose(near(-first, first), first)


def asked(held: Held) -> SaeRequest:
    """Without restarts, so fast that rows turn far."""
    own = requests("topk", epochs=6, resample=0, learning_rate_scale=10.0)[0]
    return replace(own, held=held)


@pytest.mark.parametrize("held", KINDS)
def test_training_moves_what_is_not_held(held: Held) -> None:
    begun = result_of(train_alone(replace(asked(held), epochs=0), CPU)).sae
    ended = result_of(train_alone(asked(held), CPU)).sae
    cosine = (ended.decoder * begun.decoder).sum(dim=1)
    turned = 1 - F.cosine_similarity(ended.encoder.T, begun.encoder.T)
    assert torch.allclose(cosine, torch.ones(len(cosine)), atol=1e-5) == (held == "decoder")
    assert torch.allclose(turned, torch.zeros(len(turned)), atol=1e-5) == (held == "encoder")
    assert not torch.equal(ended.decoder_bias, begun.decoder_bias)
    if held == "decoder_softly":
        assert float(cosine.min()) == pytest.approx(LEAST_COSINE, abs=1e-5), "the bound is reached"


def test_in_a_stack_each_is_what_it_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    together = [
        replace(request, held=held) for request, held in zip(requests("topk"), KINDS[:3], strict=True)
    ]
    assert len(stacks_of(together)) == 1
    for outcome, request in zip(train_stack(together, CPU), together, strict=True):
        assert_close(result_of(outcome), alone(request, monkeypatch))
