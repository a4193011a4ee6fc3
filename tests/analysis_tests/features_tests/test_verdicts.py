"""A latent's own verdict: only from enough images, and with the tests that it fails by name."""

from __future__ import annotations

import torch

from analysis.features import feature
from analysis.features.feature import FeatureDetail, FeatureTable
from analysis.features.ticks import ticks
from analysis.features.verdicts import IMAGES, failures
from tests.trainables_tests.validity_tests.judged import strokes
from trainables.validity.card import BY_EDITS, ON_CODES, TIERS, validity_card
from trainables.validity.subject import strokes_of


def test_every_latent_that_fires_often_enough_has_a_tier(
    seen: tuple[FeatureTable, list[FeatureDetail]],
) -> None:
    table, _ = seen
    assert TIERS == feature.TIERS
    assert len(table.verdicts) == len(table)
    for latent, verdict in enumerate(table.verdicts):
        firing = round(float(table.density[latent]) * table.n_images)
        assert (verdict.tier is None) == (firing < IMAGES)
        assert f"fires on {firing} images" in verdict.why or verdict.tier is not None
        assert (verdict.place is None) == (not verdict.ticks) == (verdict.tier is None)
        assert verdict.place is None or TIERS.index(verdict.tier) <= verdict.place < 4
    assert all("fails" in v.why for v in table.verdicts if v.tier not in (None, "supported"))


def test_planted_strokes_fail_nothing_and_vetoes_fail_far() -> None:
    network, judged = strokes()
    card = validity_card(judged.subject, judged.controls, draws=None, images=IMAGES)
    told = ticks(card, judged.subject)
    failed = [failures(own) for own in told]
    passed = [not failed[latent] for latent in network.columns("stroke").tolist()]
    assert sum(passed) >= len(passed) - 1
    for latent in network.columns("veto").tolist():
        assert {"far", "distinct"} & set(failed[latent])
    for latent, own in enumerate(told):
        assert [tick.test for tick in own] == [t for t in (*ON_CODES, *BY_EDITS) if t not in card.left_out]
        assert (card.tiers()[latent] == 3) == all(tick.passed for tick in own)
    shown = {tick.test: tick for tick in told[network.columns("stroke").tolist()[0]]}
    ink, salt = card.edits["far"].mean(dim=1)[card.examined.tolist().index(network.columns("stroke")[0])]
    assert f"{ink:.2f}, salt by {salt:.2f}" in shown["far"].figures


def test_where_nothing_is_drawn_on_black_there_are_no_strokes() -> None:
    _, judged = strokes()
    images = judged.subject.images
    assert strokes_of(images) is not None
    assert strokes_of(1 - images) is None, "dark on white"
    noise = torch.rand(64, 16, 16, generator=torch.Generator().manual_seed(0))
    assert strokes_of(noise) is None, "a texture without background"
