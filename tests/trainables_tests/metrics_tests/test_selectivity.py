"""Purity: planted classes, a slow loop from the definition, and random input at its null."""

from __future__ import annotations

from collections import Counter

import pytest
import torch

from trainables.metrics import selectivity
from trainables.metrics.directions import direction_families
from trainables.metrics.top_images import TopImages


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def measure(z: torch.Tensor, h: torch.Tensor, labels: torch.Tensor, seed: int = 0) -> selectivity.Purity:
    n_classes = int(labels.max()) + 1
    top = TopImages(selectivity.TOP, z.shape[0])
    top.update(z)
    null = null_curve(h, labels, n_classes, seed)
    return selectivity.purity(labels[top.images()], (z > 0).sum(dim=0), null, n_classes)


def null_curve(
    h: torch.Tensor, labels: torch.Tensor, n_classes: int, seed: int = 0, batch: int = 8192
) -> torch.Tensor:
    gaussian = direction_families(h, seed)["gaussian"][:512]
    return selectivity.direction_purities(h, labels, n_classes, gaussian, batch).mean(dim=1)


def one_latent_per_class(n: int = 1000, classes: int = 10) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    labels = torch.arange(n) % classes
    z = torch.nn.functional.one_hot(labels, classes) * (1 + torch.rand(n, 1, generator=seeded(0)))
    return z, torch.randn(n, 16, generator=seeded(1)), labels


def test_latents_wired_to_one_class_are_perfect() -> None:
    result = measure(*one_latent_per_class())
    assert result.value == 1
    assert result.skill == 1
    assert result.left_out == 0
    assert result.judged == 1


def test_agrees_with_a_slow_loop_from_the_definition() -> None:
    generator = seeded(3)
    z = (torch.randn(400, 9, generator=generator) - torch.linspace(-0.5, 2.2, 9)).relu()
    labels = torch.randint(0, 4, (400,), generator=generator)
    expected = []
    for j in range(9):
        firing = sorted((i for i in range(400) if z[i, j] > 0), key=lambda i: -float(z[i, j]))
        if len(firing) >= 10:
            top = [int(labels[i]) for i in firing[:50]]
            expected.append(max(Counter(top).values()) / len(top))
    result = measure(z, torch.randn(400, 6, generator=generator), labels)
    assert 0 < len(expected) < 9
    assert result.value == pytest.approx(sum(expected) / len(expected), rel=1e-12)
    assert result.judged == pytest.approx(len(expected) / 9)


def test_random_directions_as_latents_have_no_skill_at_any_firing_rate() -> None:
    """Latents that are themselves random directions, thresholded: skill 0 up to the sampling of directions.

    256 latents against 512 directions of the data's covariance, with a purity s.d. of about 0.15 and room of
    about 0.4: standard error of the skill about 0.15 * sqrt(1/256 + 1/512) / 0.4 = 0.03; allowed are three of
    them.
    """
    generator = seeded(5)
    labels = torch.randint(0, 5, (3000,), generator=generator)
    h = (torch.randn(5, 12, generator=generator)[labels] + torch.randn(3000, 12, generator=generator)).relu()
    directions = direction_families(h, 1)["gaussian"][:256]
    projection = (h - h.mean(dim=0)) @ directions.t()
    n_firing = torch.randint(10, 200, (256,), generator=generator)
    threshold = projection.sort(dim=0, descending=True).values.gather(0, n_firing[None])
    result = measure((projection - threshold).relu(), h, labels)
    assert result.null > 0.4  # far above the uniform 0.2: the reason for this null
    assert abs(result.skill) < 0.09


def test_the_strongest_family_is_the_null_and_no_member_of_any_has_skill() -> None:
    generator = seeded(5)
    labels = torch.randint(0, 5, (3000,), generator=generator)
    h = (torch.randn(5, 12, generator=generator)[labels] + torch.randn(3000, 12, generator=generator)).relu()
    families = direction_families(h, 0)
    assert len(families["gaussian"]) >= 4096
    curves = {
        name: selectivity.direction_purities(h, labels, 5, rows).mean(dim=1)
        for name, rows in families.items()
    }
    last = torch.tensor([9, 19, 49])
    means = {name: selectivity.at_own_count(curve, last) for name, curve in curves.items()}
    null = selectivity.strongest(curves, last)
    assert selectivity.at_own_count(null, last) == max(means.values()) > means["gaussian"]
    isotropic = torch.nn.functional.normalize(torch.randn(512, 12, generator=generator), dim=1)
    weaker = selectivity.direction_purities(h, labels, 5, isotropic).mean(dim=1)
    assert selectivity.at_own_count(weaker, last) < means["gaussian"]


def test_the_null_is_taken_at_each_latents_own_firing_count() -> None:
    """With labels independent of everything, ten images look purer than fifty; the skill must not."""
    generator = seeded(6)
    labels = torch.randint(0, 10, (4000,), generator=generator)
    h = torch.randn(4000, 20, generator=generator)
    for firing in (10, 50):
        z = torch.zeros(4000, 400)
        for j in range(400):
            z[torch.randperm(4000, generator=generator)[:firing], j] = 1.0
        assert abs(measure(z, h, labels).skill) < 0.02


def test_too_few_firing_images_are_left_out_and_counted() -> None:
    z, h, labels = one_latent_per_class()
    z[:, 1] = 0
    z[:9, 1] = 1.0
    z[:, 2] = 0
    result = measure(z, h, labels)
    assert result.left_out == 1
    assert result.judged == 0.8
    assert result.value == 1


def test_without_a_usable_latent_purity_is_its_null() -> None:
    _, h, labels = one_latent_per_class()
    result = measure(torch.zeros(1000, 5), h, labels)
    assert result.value == result.null
    assert result.skill == 0
    assert result.judged == 0


def test_ties_do_not_favour_the_class_that_comes_first() -> None:
    """Binary codes on data sorted by class: taking the first fifty would make every latent pure."""
    labels = torch.arange(1000) // 100
    result = measure(torch.ones(1000, 3), torch.randn(1000, 4, generator=seeded(0)), labels)
    # Majority share among 50 random images of ten equal classes: mean 0.175, s.d. about 0.025.
    assert result.value < 0.3


def test_permuting_and_rescaling_latents_changes_nothing() -> None:
    z, h, labels = one_latent_per_class()
    z = z + 0.3 * torch.rand(z.shape, generator=seeded(9))
    changed = z[:, torch.randperm(10, generator=seeded(4))] * 8.0
    assert measure(changed, h, labels) == measure(z, h, labels)


def test_the_null_does_not_depend_on_the_batch() -> None:
    _, h, labels = one_latent_per_class()
    whole = null_curve(h, labels, 10)
    torch.testing.assert_close(null_curve(h, labels, 10, batch=64), whole, atol=1e-3, rtol=0)


def test_a_single_class_leaves_no_room_and_no_skill() -> None:
    z, h, _ = one_latent_per_class()
    assert measure(z, h, torch.zeros(1000, dtype=torch.int64)).skill == 0
