"""Maps, scores and inversions on a GPU are those of the CPU, up to the last digits of float32."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from tests.trainables_tests.attribution_tests.test_attribution import ALL, build, pairs
from tests.trainables_tests.attribution_tests.test_scores import CONFIRM, FINAL, scores
from tests.trainables_tests.inversion_tests.world import PatternModel, images
from trainables.data.convex_hull import filled_hull
from trainables.data.stroke_mask import stroke_mask
from trainables.inversion.settings import InversionConfig
from trainables.metrics import background_sensitivity, junk
from trainables.metrics.inversion_scores import inversion_scores
from trainables.metrics.measured import Measured, measure

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
]
DEVICES = ("cpu", "cuda")


def reader(device: str) -> Callable[[Tensor], Tensor]:
    weights = torch.randn(64, 5, generator=torch.Generator().manual_seed(0)).to(device)
    return lambda x: torch.tanh(x.flatten(1) @ weights / 8)


def measured_on(device: str) -> Measured:
    model = PatternModel()
    model.encoder, model.bias, model.decoder = (
        tensor.to(device) for tensor in (model.encoder, model.bias, model.decoder)
    )
    return measure(model, *(tensor.to(device) for tensor in (*images(200, 0), *images(150, 1))))


@pytest.mark.parametrize("name", ALL)
def test_maps(name: str) -> None:
    shown, columns = pairs()
    maps = [
        build(ALL[name], data=shown.to(device))(reader(device), shown.to(device), columns.to(device)).cpu()
        for device in DEVICES
    ]
    torch.testing.assert_close(maps[1], maps[0], rtol=1e-3, atol=1e-4)


def test_hulls() -> None:
    masks = stroke_mask(images(50, 0)[0])
    assert torch.equal(filled_hull(masks.cuda()).cpu(), filled_hull(masks))


def test_junk_and_background() -> None:
    found = []
    for device in DEVICES:
        m = measured_on(device)
        a = m.activations
        latents = junk.latent_junk(
            lambda x, m=m: m.model.encode(m.model.hidden(x))[0],  # type: ignore[misc]
            m.val_z,
            m.alive,
            a.val_images,
            a.val_labels,
            0,
        )
        found.append([latents.value(), latents.far_value(), background_sensitivity.of_latents(m, 0)])
    assert found[1] == pytest.approx(found[0], abs=1e-3)


def test_scores() -> None:
    found = []
    for device in DEVICES:
        m = measured_on(device)
        found.append(scores(FINAL + CONFIRM, m) | inversion_scores(m, 0, InversionConfig(steps=20)))
    assert found[1] == pytest.approx(found[0], abs=0.02)
