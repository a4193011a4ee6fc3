"""Attribution maps against captum, against their axioms, and as functions of pairs."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.trainables_tests.attribution_tests.reader import LATENTS, Reader, pictures
from trainables import registry
from trainables.attribution import attribution, settings
from trainables.attribution.attribution import Attribution, input_gradients, picked
from trainables.attribution.baselines import blurred
from trainables.attribution.expected_gradients import ExpectedGradients
from trainables.attribution.integrated_gradients import IntegratedGradients

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from captum import attr as captum

ALL: dict[str, settings.AttributionConfig] = {
    "gradient": settings.GradientConfig(),
    "smooth_grad": settings.SmoothGradConfig(draws=7),
    "integrated_gradients": settings.IntegratedGradientsConfig(steps=16),
    "expected_gradients": settings.ExpectedGradientsConfig(draws=9),
    "occlusion": settings.OcclusionConfig(patch=3, stride=2),
}


def build(chosen: settings.AttributionConfig, seed: int = 0, data: Tensor | None = None) -> Attribution:
    kind: str = chosen.kind  # type: ignore[attr-defined]
    made: Attribution = registry.ATTRIBUTIONS[kind].load_implementation()(
        chosen, pictures(20, 5) if data is None else data, torch.Generator().manual_seed(seed)
    )
    return made


def pairs() -> tuple[Tensor, Tensor]:
    images = pictures(10)
    return images, torch.arange(len(images)) % LATENTS


def test_the_table_and_the_settings_name_the_same_methods() -> None:
    assert set(ALL) == set(registry.ATTRIBUTIONS)


def test_gradient_is_captums_saliency() -> None:
    model, (images, columns) = Reader(), pairs()
    expected = captum.Saliency(model).attribute(images.clone().requires_grad_(), target=columns, abs=False)
    torch.testing.assert_close(build(ALL["gradient"])(model, images, columns), expected)


@pytest.mark.parametrize("baseline", ["black", "blur", "mean"])
def test_integrated_gradients_are_captums(baseline: Any) -> None:
    model, (images, columns) = Reader(), pairs()
    chosen = settings.IntegratedGradientsConfig(baseline=baseline, steps=16)
    method = build(chosen)
    assert isinstance(method, IntegratedGradients)
    expected = captum.IntegratedGradients(model).attribute(
        images, baselines=method.baseline(images).contiguous(), target=columns, n_steps=16
    )
    torch.testing.assert_close(method(model, images, columns), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("fill", [0.0, 1.0])
@pytest.mark.parametrize(("patch", "stride"), [(3, 2), (4, 2), (1, 1), (3, 3)])
def test_occlusion_is_captums(fill: float, patch: int, stride: int) -> None:
    model, (images, columns) = Reader(), pairs()
    ours = build(settings.OcclusionConfig(patch=patch, stride=stride, fills=(fill,)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = captum.Occlusion(model).attribute(
            images,
            sliding_window_shapes=(patch, patch),
            strides=(stride, stride),
            baselines=fill,
            target=columns,
        )
    torch.testing.assert_close(ours(model, images, columns), expected.float(), rtol=1e-4, atol=1e-5)


def test_smooth_grad_is_the_mean_gradient_over_gaussian_noise() -> None:
    """captum draws its own noise: both are Monte Carlo estimates, here of 4000 draws each."""
    model, (images, columns) = Reader(), pairs()
    images, columns = images[:2], columns[:2]
    ours = build(settings.SmoothGradConfig(noise=0.5, draws=1024))(model, images, columns)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        expected = captum.NoiseTunnel(captum.Saliency(model)).attribute(
            images, nt_type="smoothgrad", nt_samples=1024, stdevs=0.5, target=columns, abs=False
        )
    plain = input_gradients(model, images, columns)
    assert (ours - expected).abs().max() < 0.1 * plain.abs().max()
    assert (ours - expected).norm() < 0.2 * (ours - plain).norm()  # the noise does change the map


def test_expected_gradients_sum_to_the_difference_from_the_data() -> None:
    """Over all 20 images as baselines and 64 places each: the completeness axiom in expectation."""
    model, (images, columns) = Reader(), pairs()
    data = pictures(20, 5)
    method = build(settings.ExpectedGradientsConfig(draws=4096), data=data)
    with torch.no_grad():
        mean = model(data).mean(0)[columns]
        difference = picked(model, images, columns) - mean
    torch.testing.assert_close(
        method(model, images, columns).flatten(1).sum(1), difference, rtol=0.0, atol=0.05
    )


def test_expected_gradients_from_one_image_are_integrated_gradients_from_it() -> None:
    model, (images, columns) = Reader(), pairs()
    method = build(settings.ExpectedGradientsConfig(draws=512), data=pictures(1, 9))
    expected = captum.IntegratedGradients(model).attribute(images, baselines=pictures(1, 9), target=columns)
    torch.testing.assert_close(method(model, images, columns), expected, rtol=0.0, atol=2e-3)


def test_baselines_are_drawn_without_repetition_where_there_are_enough() -> None:
    method = build(settings.ExpectedGradientsConfig(draws=20))
    assert isinstance(method, ExpectedGradients)
    assert len(torch.unique(method.baselines, dim=0)) == 20


def test_black_baseline_and_black_fill_cannot_see_the_background_others_can() -> None:
    """A latent that reads every pixel alike: what the trap hides and what the remedies show."""
    images, columns = pictures(6), torch.zeros(6, dtype=torch.int64)
    dark = images == 0

    def everything(x: Tensor) -> Tensor:
        return x.flatten(1).sum(dim=1, keepdim=True)

    def background(chosen: settings.AttributionConfig) -> float:
        return float(build(chosen)(everything, images, columns)[dark].abs().mean())

    assert background(settings.IntegratedGradientsConfig(baseline="black")) == 0
    assert background(settings.OcclusionConfig(patch=1, stride=1, fills=(0.0,))) == 0
    for seeing in (
        settings.IntegratedGradientsConfig(baseline="blur", blur=8),
        settings.IntegratedGradientsConfig(baseline="mean"),
        settings.ExpectedGradientsConfig(),
        settings.OcclusionConfig(patch=1, stride=1),
        settings.SmoothGradConfig(),
    ):
        assert background(seeing) > 0.05, seeing


@pytest.mark.parametrize("name", ALL)
def test_a_map_depends_neither_on_the_batch_nor_on_other_pairs(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, (images, columns) = Reader(), pairs()
    method = build(ALL[name])
    together = method(model, images, columns)
    order = torch.tensor([7, 0, 9, 3, 1, 2, 8, 4, 6, 5])
    torch.testing.assert_close(method(model, images[order], columns[order]), together[order])
    monkeypatch.setattr(attribution, "IMAGES_AT_ONCE", 20)
    torch.testing.assert_close(method(model, images, columns), together)


@pytest.mark.parametrize("name", ALL)
def test_maps_scale_with_the_latent_and_follow_its_column(name: str) -> None:
    model, (images, columns) = Reader(), pairs()
    method = build(ALL[name])
    plain = method(model, images, columns)
    order = torch.tensor([3, 1, 4, 0, 2])
    where = torch.argsort(order)

    def changed(x: Tensor) -> Tensor:
        return 4 * model(x)[:, order]

    torch.testing.assert_close(method(changed, images, where[columns]), 4 * plain, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", ALL)
def test_seeded_and_without_traces(name: str) -> None:
    model, (images, columns) = Reader(), pairs()
    before = torch.get_rng_state()
    first, second = (build(ALL[name], seed=3)(model, images, columns) for _ in range(2))
    assert torch.equal(first, second)
    assert torch.equal(torch.get_rng_state(), before)
    assert model.first.grad is None
    assert not first.requires_grad
    assert build(ALL[name])(model, images[:0], columns[:0]).shape == (0, 8, 8)


def test_a_stride_wider_than_the_patch_is_refused() -> None:
    with pytest.raises(ValueError, match="gaps"):
        build(settings.OcclusionConfig(patch=2, stride=3))


def test_blur_keeps_light_inside_and_agrees_with_scipy() -> None:
    from scipy.ndimage import gaussian_filter

    images = pictures(3, side=28)
    ours = blurred(images, 2.0)
    expected = torch.stack(
        [torch.tensor(gaussian_filter(x.numpy(), 2.0, mode="constant", truncate=3.0)) for x in images]
    )
    torch.testing.assert_close(ours, expected, rtol=1e-4, atol=1e-5)


def test_gradients_of_many_draws_are_no_more_than_asked_for() -> None:
    """`cost` bounds the images in one pass."""
    seen: list[int] = []
    model = Reader()

    def counting(x: Tensor) -> Tensor:
        seen.append(len(x))
        return model(x)

    images = pictures(300)
    build(settings.SmoothGradConfig(draws=24))(counting, images, torch.zeros(300, dtype=torch.int64))
    assert max(seen) <= attribution.IMAGES_AT_ONCE


def test_every_setting_has_a_description_and_refuses_nonsense() -> None:
    models: list[Callable[..., settings.AttributionConfig]] = [type(chosen) for chosen in ALL.values()]
    for model in models:
        for name, field in model.model_fields.items():  # type: ignore[attr-defined]
            assert name == "kind" or field.description
        with pytest.raises(ValueError):
            model(clip="hard")
