"""The parts of a stack: views, masks, tables, AuxK by mask, and a step that reads nothing back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from tests.trainables_tests.sae_builders import build, disturb, outputs, sae_config, shell
from tests.trainables_tests.sae_training_tests.stacks_tests.builders import MEMBERS, WIDTH, R, requests
from trainables import registry
from trainables.sae_training import grouping
from trainables.sae_training.auxk import auxk_loss, stacked_auxk_loss
from trainables.sae_training.grouping import members_at_most, stack_key, stacks_of
from trainables.sae_training.request import SaeRequest
from trainables.sae_training.schedules import ramp
from trainables.sae_training.stacks.schedule import AdamSchedule, k_table
from trainables.sae_training.stacks.stack import separate, stack
from trainables.sae_training.stacks.step import Revival, StackedStep
from trainables.saes.k_codes import KSae
from trainables.saes.stacking import largest_codes
from trainables.settings.sae import TRAINING_VARIES, BatchTopKSaeConfig

every_kind = pytest.mark.parametrize(
    "kind", [kind for kind in registry.SAES if vars(registry.SAES[kind]).get("varying") is not None]
)


@every_kind
def test_members_are_parts_of_the_stack_until_they_are_separated(kind: str) -> None:
    members = [disturb(build(kind), seed) for seed in range(3)]
    before = [{name: tensor.clone() for name, tensor in each.state_dict().items()} for each in members]
    strides = members[0].encoder.stride()
    stacked = stack(members)
    assert all(tensor.dim() == 3 for tensor in stacked.sae.state_dict().values())
    for member, state in zip(members, before, strict=True):
        assert all(torch.equal(tensor, state[name]) for name, tensor in member.state_dict().items())
        assert member.encoder.stride() == strides
    with torch.no_grad():
        for tensor in stacked.sae.state_dict().values():
            tensor += 1
    own = separate(members[1])
    with torch.no_grad():
        for tensor in stacked.sae.state_dict().values():
            tensor += 1
    for name, tensor in members[0].state_dict().items():
        torch.testing.assert_close(tensor, before[0][name] + 2)
    for name, tensor in own.state_dict().items():
        torch.testing.assert_close(tensor, before[1][name] + 1)


@every_kind
def test_a_pass_of_the_stack_is_a_pass_of_each(kind: str) -> None:
    members = [
        disturb(build(kind, **{"l1": 0.1 * seed, "target_l0": 2.0 + seed, "k": 2 + seed}), seed)
        for seed in range(3)
    ]
    x = torch.randn(3, 30, 6, generator=torch.Generator().manual_seed(0))
    expected = [member(own) for member, own in zip(members, x, strict=True)]
    losses = [member.reconstruction_loss(each) for member, each in zip(members, expected, strict=True)]
    penalties = [member.penalty(each) for member, each in zip(members, expected, strict=True)]
    sae = stack(members).sae
    forward = sae(x)
    for field in ("u", "z", "residual"):
        together = torch.stack([getattr(each, field) for each in expected])
        torch.testing.assert_close(getattr(forward, field), together, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(sae.reconstruction_loss(forward).flatten(), torch.stack(losses))
    penalty = sae.penalty(forward)
    if penalty is None:
        assert penalties == [None] * 3
    else:
        torch.testing.assert_close(penalty.flatten(), torch.stack([p for p in penalties if p is not None]))


def on_meta(kind: str) -> tuple[StackedStep, Tensor]:
    """A step whose tensors have shapes and no values, and rows for it."""
    members = [shell(sae_config(kind, **(own | {"width": WIDTH})), R).to("meta") for own in MEMBERS]
    courses = [AdamSchedule([ramp(s, 10, 0.1, 0.2) for s in range(10)], 1e-3, (0.9, 0.999))] * 3
    revival = Revival([0.1, 0.0, 0.2], [5, 6, 7])
    inputs = torch.zeros(50, R, device="meta")
    rows = torch.zeros(3, 16, dtype=torch.int64, device="meta")
    return StackedStep(stack(members), inputs, courses, revival, "float32"), rows


class OnDeviceOnly(TorchDispatchMode):
    """Refuses whatever has a tensor of the CPU in it."""

    def __torch_dispatch__(self, func: Any, _types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        tensors = [each for each in tree_leaves((args, kwargs, result)) if isinstance(each, Tensor)]
        assert all(each.is_meta for each in tensors), func
        return result


@every_kind
def test_a_step_never_waits_for_a_value(kind: str) -> None:
    """Tensors of the meta device have none: whatever would wait for the device, or take a shape from a
    value, fails on them. Nor does the step move anything between the CPU and the device."""
    step, rows = on_meta(kind)
    for number in range(3):
        shape = step.now(number)
        assert shape == (step.sae.current_k if isinstance(step.sae, KSae) else 0)
        with OnDeviceOnly():
            step.take(rows)
    for reading in (
        lambda: step.sums.tolist(),
        lambda: step.dead().nonzero(),
        lambda: bool(step.dead().any()),
    ):
        with pytest.raises((RuntimeError, NotImplementedError)):
            reading()
    with pytest.raises(AssertionError), OnDeviceOnly():
        torch.zeros(3).to("meta")


@pytest.mark.parametrize("wide", [6, 64])
def test_auxk_by_mask_is_auxk_by_index(wide: int) -> None:
    g = torch.Generator().manual_seed(wide)
    residual = torch.randn(4, 10, wide, generator=g)
    u = torch.randn(4, 10, 20, generator=g).requires_grad_()
    decoder = torch.randn(4, 20, wide, generator=g).requires_grad_()
    dead = torch.zeros(4, 1, 20, dtype=torch.bool)
    for member, numbers in enumerate(([], [3], [1, 2, 9], list(range(20)))):
        dead[member, 0, numbers] = True
    losses = stacked_auxk_loss(residual, u, decoder, dead)
    to_u, to_decoder = torch.autograd.grad(losses.sum(), (u, decoder))
    assert losses.shape == (4, 1, 1)
    assert float(losses[0].detach()) == 0
    assert not to_u[0].any()
    for member in (1, 2, 3):
        own = auxk_loss(residual[member], u[member], decoder[member], dead[member, 0].nonzero().squeeze(1))
        torch.testing.assert_close(losses[member, 0, 0], own)
        for found, expected in zip((to_u, to_decoder), torch.autograd.grad(own, (u, decoder)), strict=True):
            torch.testing.assert_close(found[member], expected[member])


def test_each_row_can_have_fewer_of_its_largest() -> None:
    u = torch.randn(4, 9, generator=torch.Generator().manual_seed(0)) + 0.5
    counts = [0, 1, 3, 5]
    for row, codes, count in zip(u, largest_codes(u, 5, torch.tensor(counts)[:, None]), counts, strict=True):
        wanted = [max(value, 0.0) for value in sorted(row.tolist(), reverse=True)[:count]]
        assert sorted(codes.tolist(), reverse=True) == wanted + [0.0] * (9 - count)
        assert all(code in (0.0, value) for code, value in zip(codes.tolist(), row.tolist(), strict=True))


def test_largest_codes_have_the_gradient_of_a_masked_relu() -> None:
    u = torch.randn(5, 12, generator=torch.Generator().manual_seed(1)).double().requires_grad_()
    weights = torch.randn(5, 12, generator=torch.Generator().manual_seed(2)).double()
    (gradient,) = torch.autograd.grad((largest_codes(u, 7) * weights).sum(), u)
    cut = u.topk(7, dim=1).values[:, -1:]
    assert torch.equal(gradient, weights * ((u >= cut) & (u > 0)))


@pytest.mark.parametrize(
    ("fields", "shapes"),
    [
        ([{"k": 3}, {"k": 3}], None),
        ([{"k": 3}, {"k": 5}], {5}),
        ([{"k": 3, "k_anneal": 0.9}], {3, 4, 8, 16, 20}),
    ],
)
def test_k_of_each_step_is_the_members_own(fields: list[dict[str, Any]], shapes: set[int] | None) -> None:
    members = [build("topk", r=32, **each) for each in fields]
    table = k_table(members, 40)
    if shapes is None or table is None:
        assert table is shapes is None
        return
    assert set(table.largest) == shapes
    for step, (ks, largest) in enumerate(zip(table.ks.flatten(1).tolist(), table.largest, strict=True)):
        own = []
        for member in members:
            member.begin_step(step / 40)  # type: ignore[no-untyped-call]
            own.append(member.current_k)
        assert ks == own
        assert max(ks) <= largest


@pytest.mark.parametrize(
    "different", [{"width": 65}, {"batch_size": 32}, {"precision": "bf16"}, {"prefixes": 2}]
)
def test_what_makes_a_stack_impossible(different: dict[str, Any]) -> None:
    first, second, third = requests("matryoshka")
    other = replace(second, config=second.config.model_copy(update=different))
    assert stacks_of([first, other, third]) == [[0, 2], [1]]
    for change in ({"epochs": 9}, {"y": first.y[:-1]}, {"config": requests("batch_topk")[0].config}):
        assert stack_key(replace(first, **change)) != stack_key(first)  # type: ignore[arg-type]


class GroupedSaeConfig(BatchTopKSaeConfig):
    """A kind with a setting that no stack knows of."""

    varying = TRAINING_VARIES | {"k", "k_anneal"}
    groups: int = 1


class UndeclaredSaeConfig(GroupedSaeConfig):
    """The same by somebody who says nothing about stacks."""


def test_a_new_setting_must_agree_and_a_kind_that_declares_nothing_is_trained_alone() -> None:
    y = outputs(8)
    configs = [GroupedSaeConfig(groups=groups, k=k) for groups, k in ((1, 3), (8, 3), (1, 4))]
    asked = [SaeRequest(config, y, 1, 0) for config in configs]
    assert stacks_of(asked) == [[0, 2], [1]]
    assert stacks_of([SaeRequest(UndeclaredSaeConfig(), y, 1, seed) for seed in range(2)]) == [[0], [1]]


def test_a_stack_is_only_as_large_as_memory_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = requests("relu")
    monkeypatch.setattr(grouping, "LARGEST_STEP", 2 * 64 * WIDTH)
    assert members_at_most(asked[0]) == 2
    assert stacks_of(asked) == [[0, 1], [2]]
    monkeypatch.setattr(grouping, "LARGEST_STEP", 1)
    assert stacks_of(asked) == [[0], [1], [2]]
