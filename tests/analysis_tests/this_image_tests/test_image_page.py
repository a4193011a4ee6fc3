"""`python analysis/image.py`: the browser computes what PyTorch computes, and shows how it adds up."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from analysis.image import main
from analysis.load import load_run
from analysis.pages.page import render
from analysis.this_image.page import browser_model, mean_pictures
from search.errors import SpaceError
from tests.analysis_tests.browser import (
    LOOKS,
    OpenPage,
    assert_accessible,
    assert_no_sideways_scroll,
    screenshot,
)
from tests.analysis_tests.export_tests.subjects import SAES, config_of, model_of
from tests.analysis_tests.runs import copied
from trainables.data.dataset import Dataset, Split
from trainables.model.feature_model import FeatureModel

SIDE = 9  # odd, so that strides and means meet the border
LOOK = "pixels => saeSearch.look(pixels)"
READY = "#terms .total"

NETWORKS: dict[str, dict[str, object]] = {
    "mlp of two layers": {"kind": "mlp", "depth": 2, "kwta": 5},
    "conv": {"kind": "conv", "channels": 3},
    "conv without bias": {"kind": "conv", "channels": 3, "bias": False},
    "parts": {"kind": "parts", "templates": 5, "ink_threshold": 0.1},
    "bag": {"kind": "bag", "channels": 6, "grid": 2},
    "bag of maxima": {"kind": "bag", "channels": 6, "grid": 2, "pool": "max"},
    "gabor": {"kind": "mlp", "front_end": "gabor"},
    "sobel": {"kind": "mlp", "front_end": "sobel"},
    "conv front end": {"kind": "mlp", "front_end": "conv", "front_end_channels": 3},
    "locally connected": {"kind": "mlp", "front_end": "locally_connected", "front_end_channels": 3},
}


def noise_data(seed: int = 0) -> Dataset:
    """Images of a few bright pixels, in four classes without meaning."""
    rng = np.random.default_rng(seed)
    bright = rng.random((60, SIDE, SIDE), dtype=np.float32)
    split = Split(np.where(bright > 0.6, bright, 0).astype(np.float32), np.arange(60, dtype=np.int64) % 4)
    return Dataset("noise", split, split, split, 4, "noise")


def written(folder: Path, features: FeatureModel) -> Path:
    data, width = noise_data(), features.sae.decoder.shape[0]
    table: Any = SimpleNamespace(
        class_names=("a", "b", "</script>", "d"),
        labels=("a latent",) * width,
        mean_images=np.random.default_rng(2).random((width, SIDE, SIDE), dtype=np.float32),
    )
    html = render(
        "image.html",
        model=browser_model(features, data, table),
        pictures=mean_pictures(table),
        record=SimpleNamespace(folder="0003"),
        split="val",
        gallery=None,
        run_name="noise",
        question=None,
    )
    (folder / "index.html").write_text(html, encoding="utf-8")
    return folder / "index.html"


def assert_same_as_torch(page: Any, features: FeatureModel, images: np.ndarray) -> None:
    with torch.no_grad():
        h = features.hidden(torch.tensor(images))
        u, z = features.encode(h)
        logits = features.head(h)
    assert (z > 0).any()
    for row, image in enumerate(images):
        found = page.evaluate(LOOK, image.ravel().tolist())
        np.testing.assert_allclose(found["u"], u[row], rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(found["z"], z[row], rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(found["logits"], logits[row], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("network", NETWORKS)
def test_every_network_computes_as_in_torch(open_page: OpenPage, tmp_path: Path, network: str) -> None:
    features = model_of(config_of("relu", "raw", NETWORKS[network]), SIDE)
    page = open_page(written(tmp_path, features))
    assert_same_as_torch(page, features, noise_data(1).val.images[:4])


@pytest.mark.parametrize("sae", SAES)
def test_every_sae_computes_as_in_torch(open_page: OpenPage, tmp_path: Path, sae: str) -> None:
    features = model_of(config_of(sae, "whitened_pca"), SIDE)
    page = open_page(written(tmp_path, features))
    assert_same_as_torch(page, features, noise_data(1).val.images[:4])


@pytest.fixture(scope="module")
def page_path(real_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of trial 1."""
    copy = copied(real_run, tmp_path_factory.mktemp("image"))
    assert main([str(copy), "--trial", "1"]) == 0
    return copy / "image" / "0001" / "index.html"


@LOOKS
def test_the_page_is_accessible_and_no_wider_than_the_window(
    open_page: OpenPage, page_path: Path, dark: bool, width: int
) -> None:
    page = open_page(page_path, dark=dark, width=width)
    page.wait_for_selector(READY)
    assert page.locator("h1").inner_text() == "Which latents of trial 0001 fire for this image"
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    screenshot(page, f"image-{'dark' if dark else 'light'}-{width}")


def shown(page: Any) -> list[float]:
    texts = page.locator("#terms .figure").all_inner_texts()
    return [float(text.replace("−", "-")) for text in texts]


def test_terms_add_up_to_the_logit_and_a_latent_can_be_switched_off(
    open_page: OpenPage, page_path: Path
) -> None:
    page = open_page(page_path)
    page.wait_for_selector(READY)
    *parts, total = shown(page)
    assert len(parts) > 2
    assert sum(parts) == pytest.approx(total, abs=0.01 * len(parts))
    box = page.locator("#terms input").first
    box.uncheck()
    assert "without latent" in page.locator("#said").inner_text()
    assert shown(page)[-1] == pytest.approx(total - parts[0], abs=0.02)
    page.get_by_role("button", name="All latents on").click()
    assert shown(page)[-1] == pytest.approx(total, abs=0.01)


def test_numbers_are_those_of_the_run(open_page: OpenPage, page_path: Path) -> None:
    run = load_run(page_path.parents[2])
    page = open_page(page_path)
    assert_same_as_torch(page, run.model(1).features, run.data().test.images[:5])


def test_one_draws_with_pointer_and_keys(open_page: OpenPage, page_path: Path) -> None:
    page = open_page(page_path)
    page.wait_for_selector(READY)
    page.get_by_role("button", name="Clear").click()
    empty = shown(page)
    box = page.locator("#pad").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 30, steps=5)
    page.mouse.up()
    drawn = shown(page)
    assert drawn != empty
    page.get_by_role("button", name="Clear").click()
    assert shown(page) == empty
    page.locator("#pad").focus()
    page.keyboard.down(" ")
    for _ in range(3):
        page.keyboard.press("ArrowUp")
    page.keyboard.up(" ")
    assert shown(page) != empty


def test_another_class_is_another_sum(open_page: OpenPage, page_path: Path) -> None:
    page = open_page(page_path)
    page.wait_for_selector(READY)
    before = shown(page)
    said = int(page.locator("#class").input_value())
    page.locator("#class").select_option(str((said + 1) % 10))
    assert shown(page) != before


def test_a_network_without_steps_is_refused_in_a_sentence() -> None:
    features = model_of(config_of("relu", "raw"), SIDE)
    features.classifier.front_end = torch.nn.Flatten()
    table: Any = SimpleNamespace(class_names="abcd", labels=())
    with pytest.raises(SpaceError, match="has no steps for a Flatten"):
        browser_model(features, noise_data(), table)


def test_mistakes_are_one_line_and_an_exit_code(
    real_run: Path, only_pruned_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path)]) == 6
    assert main([str(real_run), "--trial", "99"]) == 2
    assert main([str(only_pruned_run)]) == 4
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.strip().splitlines()) == 3
