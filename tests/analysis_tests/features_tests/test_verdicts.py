"""A latent's own verdict: only from enough images, and with the tests that it fails by name."""

from __future__ import annotations

import torch

from analysis.features import feature
from analysis.features.feature import FeatureDetail, FeatureTable
from analysis.features.verdicts import IMAGES, failures
from analysis.gallery_parts.feature_view import facts, verdict_fact
from tests.trainables_tests.validity_tests.judged import strokes
from trainables.validity import card
from trainables.validity.card import validity_card
from trainables.validity.subject import strokes_of


def test_every_latent_that_fires_often_enough_has_a_tier(
    seen: tuple[FeatureTable, list[FeatureDetail]],
) -> None:
    table, _ = seen
    assert card.TIERS == feature.TIERS
    assert len(table.verdicts) == len(table)
    for latent, verdict in enumerate(table.verdicts):
        firing = round(float(table.density[latent]) * table.n_images)
        assert (verdict.tier is None) == (firing < IMAGES)
        assert f"fires on {firing} images" in verdict.why or verdict.tier is not None
        assert verdict_fact(table, latent)[0] in facts(table, latent)
    assert all("fails" in v.why for v in table.verdicts if v.tier not in (None, "supported"))


def test_planted_strokes_fail_nothing_and_vetoes_fail_far() -> None:
    network, judged = strokes()
    failed = failures(validity_card(judged.subject, judged.controls, draws=None, images=IMAGES))
    passed = [not failed[latent] for latent in network.columns("stroke").tolist()]
    assert sum(passed) >= len(passed) - 1
    for latent in network.columns("veto").tolist():
        assert {"far", "distinct"} & set(failed[latent])


def test_where_nothing_is_drawn_on_black_there_are_no_strokes() -> None:
    _, judged = strokes()
    images = judged.subject.images
    assert strokes_of(images) is not None
    assert strokes_of(1 - images) is None, "dark on white"
    noise = torch.rand(64, 16, 16, generator=torch.Generator().manual_seed(0))
    assert strokes_of(noise) is None, "a texture without background"
