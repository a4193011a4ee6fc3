"""A stack gives each member what the plain step gives it alone, whatever the others are."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from tests.trainables_tests.sae_training_tests.stacks_tests.builders import (
    CPU,
    EPOCHS,
    alone,
    assert_close,
    requests,
)
from trainables import registry
from trainables.errors import TrialDiverged
from trainables.sae_training.grouping import stacks_of
from trainables.sae_training.local import train_here
from trainables.sae_training.request import SaeResult, result_of
from trainables.sae_training.stacked import StackedTraining, train_stack
from trainables.sae_training.train import train_sae

every_kind = pytest.mark.parametrize(
    "kind", [kind for kind in registry.SAES if vars(registry.SAES[kind]).get("varying") is not None]
)


@every_kind
def test_each_member_is_what_it_would_be_alone(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With restarts, AuxK of dead latents, a falling k, a frozen decoder, batches of two sizes."""
    asked = requests(kind, n=303)
    assert len(stacks_of(asked)) == 1
    results = [result_of(outcome) for outcome in train_stack(asked, CPU)]
    expected = [alone(request, monkeypatch) for request in asked]
    for found, own in zip(results, expected, strict=True):
        assert_close(found, own)
    first = expected[0].sae.state_dict()["decoder"]
    assert not torch.allclose(results[2].sae.state_dict()["decoder"], first, atol=0.01)


@pytest.mark.parametrize("kind", ["topk", "gated"])
def test_what_the_comparison_is_about_happens_in_it(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Restarts and AuxK change the members that have them; else the test above would show nothing."""
    request = requests(kind)[0 if kind == "topk" else 2]
    own = alone(request, monkeypatch)
    for field in ("resample", "auxk"):
        without = alone(replace(request, config=request.config.model_copy(update={field: 0})), monkeypatch)
        changed = not torch.allclose(without.sae.decoder, own.sae.decoder, atol=1e-3)
        assert changed == any(epoch["dead"] > 0 for epoch in without.history)
    assert kind == "gated" or any(epoch["dead"] > 0 for epoch in own.history)


@pytest.mark.parametrize("kind", ["batch_topk", "jumprelu"])
def test_the_order_of_members_does_not_matter(kind: str) -> None:
    asked = requests(kind)
    forwards = [result_of(outcome) for outcome in train_stack(asked, CPU)]
    backwards = [result_of(outcome) for outcome in train_stack(asked[::-1], CPU)][::-1]
    for one, other in zip(forwards, backwards, strict=True):
        assert_close(one, other, tolerance=1e-5)


@pytest.mark.parametrize("kind", ["matryoshka", "relu_target"])
def test_one_that_diverges_leaves_the_others_alone(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = requests(kind)
    broken = asked[1].y.clone()
    broken[0, 0] = float("nan")
    first, ended, last = train_stack([asked[0], replace(asked[1], y=broken), asked[2]], CPU)
    assert isinstance(ended, TrialDiverged)
    with pytest.raises(TrialDiverged, match="loss is nan after epoch 1 of 3"):
        result_of(ended)
    for outcome, request in ((first, asked[0]), (last, asked[2])):
        assert_close(result_of(outcome), alone(request, monkeypatch))


def test_a_stack_of_one_and_results_that_belong_to_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = requests("topk")[2:]
    (outcome,) = train_stack(asked, CPU)
    assert_close(result_of(outcome), alone(asked[0], monkeypatch))
    results = [result_of(each).sae for each in train_stack(requests("topk", epochs=1), CPU)]
    storages = {
        tensor.untyped_storage().data_ptr() for sae in results for tensor in sae.state_dict().values()
    }
    assert len(storages) == sum(len(sae.state_dict()) for sae in results)
    for sae in results:
        assert not sae.training
        assert not any(parameter.requires_grad for parameter in sae.parameters())
        assert sae.encoder.untyped_storage().nbytes() == sae.encoder.nbytes


def test_no_epochs_leave_the_first_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = requests("topk", epochs=0)
    for outcome, request in zip(train_stack(asked, CPU), asked, strict=True):
        assert_close(result_of(outcome), alone(request, monkeypatch), tolerance=1e-6)


def test_on_a_cpu_requests_are_trained_one_by_one() -> None:
    asked = requests("topk", epochs=1)
    broken = replace(asked[1], y=asked[1].y * float("nan"))
    first, ended, last = train_here([asked[0], broken, asked[2]], CPU)
    assert isinstance(ended, TrialDiverged)
    for outcome, request in ((first, asked[0]), (last, asked[2])):
        assert isinstance(outcome, SaeResult)
        own = train_sae(request.config, request.y, epochs=1, seed=request.seed, device="cpu")
        assert torch.equal(outcome.sae.decoder, own.sae.decoder)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@every_kind
def test_recorded_steps_are_the_steps_that_were_recorded(kind: str) -> None:
    """20 steps an epoch, of two sizes and for some kinds several k, so that most are played back."""
    asked, device = requests(kind, n=303, batch_size=16), torch.device("cuda")
    recorded, eager = StackedTraining(asked, device), StackedTraining(asked, device)
    eager.captured = None
    for epoch in range(EPOCHS):
        recorded.train_epoch(epoch)
        eager.train_epoch(epoch)
    assert recorded.captured is not None
    assert recorded.captured.recordings >= 1
    for found, own in zip(recorded.outcomes(), eager.outcomes(), strict=True):
        assert_close(result_of(found), result_of(own), tolerance=1e-4)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@every_kind
def test_on_a_gpu_too_each_member_is_what_it_would_be_alone(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few steps, before rounding has changed which codes are the largest."""
    device = torch.device("cuda")
    asked = requests(kind, epochs=1)
    for outcome, request in zip(train_here(asked, device), asked, strict=True):
        assert_close(result_of(outcome), alone(request, monkeypatch, device), tolerance=1e-3)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_gpu_trains_different_shapes_and_precisions_in_one_call() -> None:
    device = torch.device("cuda")
    asked = [
        *requests("topk"),
        *requests("topk", precision="bf16"),
        *requests("relu", width=32),
    ]
    outcomes = [result_of(outcome) for outcome in train_here(asked, device)]
    assert [len(outcome.sae.decoder) for outcome in outcomes] == [64] * 6 + [32] * 3
    for single, half in zip(outcomes[:3], outcomes[3:6], strict=True):
        last = single.history[-1]["squared_error"]
        assert half.history[-1]["squared_error"] == pytest.approx(last, rel=0.2)
