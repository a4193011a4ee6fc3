"""A finished trial's pictures: which latents, which images, and nothing where nothing fires."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.trainables_tests.model_tests.test_feature_model import build, config_of, images
from trainables.model.decoder_rows import decoder_rows
from trainables.model.feature_model import FeatureModel
from trainables.pictures import picture_files
from trainables.pictures.contact_sheet import CAPTION_HEIGHT
from trainables.pictures.trial_pictures import TOP, draw, liveliest_latents


@pytest.fixture
def model() -> FeatureModel:
    return build(config_of("mlp", "pca", "topk"), 8).requires_grad_(False)


def picture(folder: Path, name: str) -> np.ndarray:
    return np.asarray(Image.open(folder / picture_files.FOLDER / name).convert("RGB"))


def test_both_pictures_hold_one_tile_a_latent_and_a_row_a_latent(model: FeatureModel, tmp_path: Path) -> None:
    x = images(8)
    living = len(liveliest_latents(model, model.encode(model.hidden(x))[1]))
    draw(model, x, tmp_path)
    tile = 80  # 8 pixels, each 10 times as large
    rows = -(-living // 8)
    height = rows * (tile + CAPTION_HEIGHT) + (rows - 1) * 4 + 16
    assert picture(tmp_path, picture_files.TEMPLATES).shape == (height, 8 * tile + 7 * 4 + 16, 3)
    rows = min(living, 16)
    height = rows * (tile + CAPTION_HEIGHT) + (rows - 1) * 4 + 16
    width = (TOP + 1) * tile + TOP * 4 + 16
    assert picture(tmp_path, picture_files.ATTRIBUTIONS).shape == (height, width, 3)
    assert sorted(path.name for path in tmp_path.rglob("*.*")) == ["attributions.png", "templates.png"]


def test_the_same_model_gives_the_same_bytes_and_draws_nothing_at_random(
    model: FeatureModel, tmp_path: Path
) -> None:
    state = torch.get_rng_state()
    for name in ("first", "second"):
        draw(model, images(8), tmp_path / name)
    assert torch.equal(torch.get_rng_state(), state)
    for name in (picture_files.TEMPLATES, picture_files.ATTRIBUTIONS):
        first, second = (tmp_path / side / picture_files.FOLDER / name for side in ("first", "second"))
        assert first.read_bytes() == second.read_bytes()


def test_the_order_is_by_what_is_written(model: FeatureModel) -> None:
    z = torch.zeros(10, 20)
    z[:, 4] = 1.0  # often, but weakly
    z[0, 7] = 1000.0
    found = liveliest_latents(model, z)
    lengths = decoder_rows(model, 20, "cpu").norm(dim=1)
    assert set(found.tolist()) == {4, 7}
    assert found[0] == (7 if 100 * lengths[7] > lengths[4] else 4)


def test_a_latent_that_fires_on_few_images_has_empty_places_in_its_row(
    model: FeatureModel, tmp_path: Path
) -> None:
    x = images(8)
    model.sae.encoder.zero_()
    model.sae.encoder_bias.fill_(-1.0)
    model.sae.encoder[:, 3] = 100.0
    fires = model.encode(model.hidden(x))[1][:, 3] > 0
    draw(model, torch.cat([x[fires][:2], x[~fires][:1]]), tmp_path)
    row = picture(tmp_path, picture_files.ATTRIBUTIONS)[8 : 8 + 80]
    tiles = [row[:, 8 + 84 * place : 8 + 84 * place + 80] for place in range(4)]
    assert [bool((tile != tile[0, 0]).any()) for tile in tiles] == [True, True, True, False]


def test_no_latent_no_picture(model: FeatureModel, tmp_path: Path) -> None:
    model.sae.encoder.zero_()
    model.sae.encoder_bias.fill_(-1.0)
    draw(model, images(8), tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_disk_that_refuses_leaves_nothing_half_written(model: FeatureModel, tmp_path: Path) -> None:
    (tmp_path / picture_files.FOLDER / picture_files.TEMPLATES).mkdir(parents=True)
    with pytest.raises(OSError):
        draw(model, images(8), tmp_path)
    assert [path.name for path in (tmp_path / picture_files.FOLDER).iterdir()] == [picture_files.TEMPLATES]
