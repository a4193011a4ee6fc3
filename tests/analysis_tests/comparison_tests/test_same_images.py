"""What two trials see in one image: the latents that write most, and nothing that is silent."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from analysis.comparison.same_images import in_words, same_images
from analysis.features.collect import feature_table
from analysis.features.observed import observe
from analysis.pages.tile_sheet import TileSheet
from tests.analysis_tests.features_tests.wired import N_CLASSES, wired, world


def test_the_wired_latents_of_an_image_are_named_in_the_order_of_what_they_write() -> None:
    data, before, after = world(), wired(), wired()
    after.sae.encoder_bias[:4] = -2.0  # latents 0 to 3 fall silent
    seen = observe(before, data.val), observe(after, data.val)
    tables = feature_table(before, data), feature_table(after, data)
    sheet = TileSheet("inks")
    rows = same_images(seen, tables, sheet)
    assert [row.label for row in rows] == [str(c) for c in range(N_CLASSES)]
    for label, row in enumerate(rows):
        assert row.first.answer == row.second.answer == row.label
        z = before.encode(seen[0].h[label : label + 1])[1][0]
        written = z * seen[0].decoder.norm(dim=1)
        assert [it.latent for it in row.first.latents] == written.argsort(descending=True)[:4].tolist()[
            : len(row.first.latents)
        ]
        assert all(float(z[it.latent]) > 0 and 0 < it.share <= 1 for it in row.first.latents)
        assert label in {it.latent for it in row.first.latents}
        assert label not in {it.latent for it in row.second.latents}
        assert row.first.firing == int((z > 0).sum())
    image = sheet.picture[rows[1].tile.y, rows[1].tile.x + 1]
    np.testing.assert_allclose(image, 255 * (1 - data.val.images[1, 0, 1]), atol=1)
    side: Any = SimpleNamespace(name="trial 0003", run=Path())
    assert in_words(side, rows[0].first).startswith("trial 0003 answers 0; ")
    assert torch.equal(seen[0].h, seen[1].h)
