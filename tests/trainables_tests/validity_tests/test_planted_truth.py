"""Known strokes pass the card; absences, amounts of ink, random pixels and vetoed strokes do not."""

from __future__ import annotations

import pytest
import torch

from tests.trainables_tests.validity_tests.judged import strokes
from tests.trainables_tests.validity_tests.planted import STROKES
from trainables.validity import enough, far, moves
from trainables.validity.card import JUDGES, edited_figures, validity_card
from trainables.validity.more_than_label import more_than_label
from trainables.validity.selective import selective
from trainables.validity.used import used


def passes(name: str, kind: str) -> list[bool]:
    network, judged = strokes()
    figures = edited_figures(judged.subject, network.columns(kind), judged.controls, images=24)
    return JUDGES[name](figures[name].mean(dim=1)).passed.tolist()


def test_nearly_all_strokes_are_supported_and_nothing_else() -> None:
    network, judged = strokes()
    tiers = validity_card(judged.subject, judged.controls, draws=None).tiers()
    supported = {j for j, tier in enumerate(tiers.tolist()) if tier == 3}
    assert supported <= set(network.columns("stroke").tolist())
    assert len(supported) >= len(STROKES) - 1


def test_strokes_pass_each_test() -> None:
    network, judged = strokes()
    columns = network.columns("stroke")
    for test in (selective, more_than_label, used):
        assert test(judged.subject, columns, judged.controls).passed.all(), test
    for name in JUDGES:
        assert sum(passes(name, "stroke")) >= len(STROKES) - 1, name


def test_a_stroke_that_five_classes_share_is_selective() -> None:
    _, judged = strokes()
    shared = [j for j, (_, classes) in enumerate(STROKES) if len(classes) == 5]
    assert selective(judged.subject, torch.tensor(shared), judged.controls).passed.all()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("far", "random"),
        ("far", "ink"),
        ("far", "veto"),
        ("enough", "absence"),
        ("enough", "ink"),
        ("moves", "absence"),
        ("moves", "ink"),
    ],
)
def test_what_is_no_part_fails(name: str, kind: str) -> None:
    assert not any(passes(name, kind))


def test_a_veto_half_as_strong_is_seen() -> None:
    """Its ink of one image takes half of the rank, which .4 would let pass if it were a little weaker."""
    network, judged = strokes()
    figures = edited_figures(judged.subject, network.columns("veto"), judged.controls, images=24)
    assert (figures["far"].mean(dim=1)[:, 0] > 0.7).all()


def test_judges_at_their_thresholds() -> None:
    changes = far.judge(torch.tensor([[0.4, 0.1], [0.1, 0.41], [0.9, 0.0]], dtype=torch.float64))
    assert changes.passed.tolist() == [True, False, False]
    assert changes.margin[2] == 0
    kept = enough.judge(torch.tensor([[0.5, 0.3], [0.49, 0.0], [0.9, 0.8]], dtype=torch.float64))
    assert kept.passed.tolist() == [True, False, False]
    rates = moves.judge(torch.tensor([[0.5, 0.1, 0.3], [0.5, 0.1, 0.4]], dtype=torch.float64))
    assert rates.passed.tolist() == [True, False]
    assert rates.margin[0] == pytest.approx(0.5)
