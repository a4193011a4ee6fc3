"""What galleries are made of, against planted truth."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageDraw

from analysis.gallery_parts import prints
from analysis.gallery_parts.effect_bars import effect_rows, effects_differ
from analysis.gallery_parts.exhibits import exhibited
from analysis.gallery_parts.feature_view import feature_view
from analysis.gallery_parts.histogram import HEIGHT, histogram
from analysis.gallery_parts.index_view import index_view, influence, most_readable
from analysis.gallery_parts.outline import outline
from tests.analysis_tests.browser import HOSTILE
from tests.analysis_tests.gallery_tests.synthetic import broken, make_detail, make_table
from trainables.pictures.colour import limit_of, overlay


def _filled(path: str, shape: tuple[int, int]) -> np.ndarray:
    """Oracle: the path's loops filled by Pillow, even-odd, and read back at the pixels' centres."""
    scale = 4
    picture = Image.new("1", (shape[1] * scale, shape[0] * scale))
    for loop in path.removesuffix("z").split("z") if path else []:
        head, *steps = loop.replace("h", " h").replace("v", " v").removeprefix("M").split(" ", 2)
        x, y = int(head), int(steps[0])
        points = [(x * scale, y * scale)]
        for step in steps[1].split():
            x, y = (x + int(step[1:]), y) if step[0] == "h" else (x, y + int(step[1:]))
            points.append((x * scale, y * scale))
        layer = Image.new("1", picture.size)
        ImageDraw.Draw(layer).polygon(points, fill=1)
        picture = ImageChops.logical_xor(picture, layer)
    return np.asarray(picture)[scale // 2 :: scale, scale // 2 :: scale]


def test_the_outline_of_one_pixel_is_a_square() -> None:
    mask = np.zeros((3, 3), dtype=bool)
    mask[1, 2] = True
    assert outline(mask) == "M2 1h1v1h-1z"
    assert outline(np.zeros((3, 3), dtype=bool)) == ""


@given(st.integers(0, 2**30))
def test_outlines_enclose_the_mask(seed: int) -> None:
    mask = np.random.default_rng(seed).random((6, 5)) > 0.5
    np.testing.assert_array_equal(_filled(outline(mask), mask.shape), mask)


def test_every_image_stands_at_its_slot() -> None:
    table = make_table(12)
    detail = make_detail(table, 3)
    sheet = prints.digits_sheet(table, detail)
    picture = np.asarray(Image.open(io.BytesIO(sheet.data)).convert("L"))
    assert picture.shape == (sheet.height, sheet.width)
    view = feature_view(table, detail)
    shown = [(thumb, image) for thumb, image in zip(view.top, detail.top.images, strict=True)]
    for row, interval in zip(view.rows, reversed(detail.intervals), strict=False):
        shown += list(zip(row.thumbs, interval.examples.images, strict=True))
    for thumb, image in shown:
        tile = picture[thumb.y : thumb.y + 8, thumb.x : thumb.x + 8]
        np.testing.assert_allclose(tile, 255 * (1 - image), atol=9)


def test_multiplied_layers_are_the_overlay() -> None:
    """A page lays colour over ink of opacity 0.42. Shades that both scales have must come out the same."""
    rng = np.random.default_rng(0)
    image, values = (rng.random((28, 28)) > 0.5) * 1.0, rng.integers(-5, 6, (28, 28)) / 5.0
    ink = 1 - 0.42 * (1 - prints.ink(image) / 255)
    page = prints.in_colour(values, limit_of(values)) * ink[..., None]
    np.testing.assert_allclose(page, overlay(image, values, limit_of(values)), atol=1)


def test_maps_share_the_limit_of_their_method() -> None:
    table = make_table(12)
    detail = make_detail(table, 1)
    maps = {name: 0 * values for name, values in detail.attributions.items()}
    maps["occlusion"] = maps["occlusion"].copy()
    maps["occlusion"][3, 2, 1] = -0.5
    view = feature_view(table, replace(detail, attributions=maps))
    assert {method.key: method.limit for method in view.methods} == {
        "gradient": "0",
        "smooth_grad": "0",
        "integrated_gradients": "0",
        "occlusion": "0.5",
    }
    picture = np.asarray(Image.open(io.BytesIO(view.maps.data)).convert("RGB")).astype(int)
    top = view.methods[3].shift + view.top[3].y
    tile = picture[top : top + 8, view.top[3].x : view.top[3].x + 8]
    assert [tuple(place) for place in np.argwhere(tile[..., 2] > tile[..., 0] + 50)] == [(2, 1)]


def test_bars_and_figures() -> None:
    table = make_table(3)
    detail = replace(
        make_detail(table, 0),
        class_given_active=np.eye(10)[7],
        effect_weights=np.linspace(-2, 1, 10),
        effect_ablation=np.zeros(10),
    )
    rows, scale = effect_rows(table.class_names, detail)
    assert scale == "2"
    assert rows[7].share.length == "100"
    assert (rows[0].by_weights.start, rows[0].by_weights.length) == ("0", "50")
    assert rows[0].by_weights.text == "−2.00"
    assert (rows[9].by_weights.start, rows[9].by_weights.length) == ("50", "25")
    assert effects_differ(detail)
    same = replace(detail, effect_ablation=detail.effect_weights + 0.01)
    assert not effects_differ(same)
    assert not feature_view(table, same).two_effects
    assert effects_differ(replace(same, effect_ablation=detail.effect_weights + np.eye(10)[3] * 0.1))


def test_the_histogram_rises_with_the_logarithm() -> None:
    table = make_table(12)
    counts = np.zeros((10, 40), dtype=np.int64)
    counts[2, 0], counts[4, 1] = 99, 9
    found = histogram(replace(make_detail(table, 2), histogram=counts), table)
    assert found is not None
    assert found.all_classes == f"M0 {HEIGHT}H0V0H10V{HEIGHT // 2}H20V{HEIGHT}H400V{HEIGHT}z"
    assert found.top_class == f"M0 {HEIGHT}H0V0H10V{HEIGHT}H400V{HEIGHT}z"
    assert [text for _, text in found.y_ticks] == ["1", "10"]
    assert histogram(replace(make_detail(table, 2), histogram=0 * counts), table) is None


@pytest.mark.parametrize("latent", [1, 5], ids=["nan", "dead"])
def test_broken_and_dead_latents_have_pages(latent: int) -> None:
    table = make_table(12, dead=(5,))
    view = feature_view(table, broken(make_detail(table, latent)))
    assert view.best_activation == "–"
    assert view.histogram is None
    assert ("dead" in view.badges) == (latent == 5)


def test_doses_are_bars_around_the_mean_logit() -> None:
    table = make_table(3)
    detail = make_detail(table, 0)
    logits = np.zeros((5, 10))
    logits[:, 7] = [0, 5, 10, 15, 20]
    says = np.zeros((5, 10))
    says[3:, 7] = 1.0
    view = feature_view(table, replace(detail, dose=replace(detail.dose, logits=logits, says=says))).dose
    assert view.doses == ("0×", "0.5×", "1×", "1.5×", "2×")
    assert (view.of, view.taken, view.limit) == ("7", ("0 %", "0 %", "0 %", "100 %", "100 %"), "18")
    assert [row.concerned for row in view.rows] == [name == "7" for name in table.class_names]
    assert view.rows[7].bars[4].length == "50"
    assert view.rows[0].bars[4].text == "−2.00"
    digits = np.asarray(Image.open(io.BytesIO(feature_view(table, detail).digits.data)).convert("L"))
    for (x, y), picture in zip(view.pictures, detail.dose.pictures, strict=True):
        np.testing.assert_allclose(digits[y : y + 8, x : x + 8], 255 * (1 - picture), atol=9)
    assert feature_view(table, make_detail(make_table(3, dead=(0,)), 0)).dose.doses == ()


def test_the_most_readable_are_those_of_the_card_and_not_all_of_one_class() -> None:
    table = make_table(40, dead=(3,))
    assert most_readable(table)[:3] == [7, 11, 15]
    assert most_readable(replace(table, verdicts=()))[0] == np.nanargmax(table.purity)
    same = replace(table, top_class=np.where(np.arange(40) == 8, 5, 4))
    assert exhibited(same, range(40)) == [7, 11, 15, 19, 23, 8]
    assert exhibited(same, (12, 3, 11)) == [11, 12], "a dead one is not shown"


def test_figures_for_sorting_survive_nan_and_hostile_labels() -> None:
    table = make_table(12, dead=(5,), labels=tuple([HOSTILE] * 12))
    text = str(index_view(table).json)
    assert "<" not in text
    columns = json.loads(text)
    assert columns["labels"] == [HOSTILE]
    assert columns["purity"][5] is None
    assert columns["dead"] == [5]
    assert influence(table).argmax() == np.argmax(table.density * table.ablation_effect)
