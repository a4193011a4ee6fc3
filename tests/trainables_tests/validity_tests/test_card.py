"""What is left out is said; untrained networks and empty dictionaries come to nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from tests.trainables_tests.validity_tests.judged import digits, judged, strokes
from trainables.config import TrialConfig
from trainables.model.feature_model import FeatureModel
from trainables.networks.initial import initial_network
from trainables.seeds import generator
from trainables.validity.card import BY_EDITS, validity_card
from trainables.validity.stable import best_match, stable


def test_tests_that_cannot_be_made_are_left_out_by_name() -> None:
    _, planted = strokes()
    card = validity_card(planted.subject, planted.controls)
    assert card.left_out == ("stable",)
    unlabelled = replace(planted.subject, labels=None)
    blind = validity_card(unlabelled, replace(planted.controls, labels=None))
    assert blind.left_out == ("selective", "more_than_label", "used", "stable")
    strokeless = validity_card(replace(planted.subject, strokes=None), planted.controls)
    assert strokeless.left_out == ("stable", *BY_EDITS)
    assert int(strokeless.tiers().max()) == 2
    assert strokeless.supported().value == 0


def test_a_sample_estimates_what_all_candidates_give() -> None:
    _, _, trained = digits()
    whole = validity_card(trained.subject, trained.controls, draws=None)
    few = [
        validity_card(trained.subject, replace(trained.controls, seed=seed), draws=24).readable()
        for seed in range(4)
    ]
    mean = sum(count.value for count in few) / 4
    error = (sum(count.se**2 for count in few) + whole.readable().se ** 2) ** 0.5
    assert abs(mean - whole.readable().value) < 3 * error
    assert all(count.se > whole.readable().se for count in few)


def test_the_same_again_by_the_same_seed() -> None:
    _, _, trained = digits()
    first, second = (validity_card(trained.subject, trained.controls).readable() for _ in range(2))
    assert first == second


def test_an_untrained_network_says_nothing() -> None:
    data, model, _ = digits()
    network = initial_network(TrialConfig().classifier, data, generator(3)).requires_grad_(False).eval()
    untrained = FeatureModel(network, model.basis, model.sae)
    looked = judged(untrained, data.train.images, data.val.images, data.val.labels)
    assert validity_card(looked.subject, looked.controls, draws=None).supported().value <= 1


def test_no_latent_no_count() -> None:
    _, planted = strokes()
    silent = replace(planted.subject, codes=torch.zeros_like(planted.subject.codes))
    card = validity_card(silent, planted.controls, twin=silent)
    assert (card.readable().value, card.readable().se, card.supported().value) == (0, 0, 0)


def test_a_latent_is_stable_if_the_twin_has_it_by_row_and_by_code() -> None:
    _, planted = strokes()
    subject = planted.subject
    usual = torch.arange(5)
    assert stable(subject, usual, planted.controls, subject).passed.all()
    itself = best_match(subject.codes[:, usual], subject.rows[usual], subject)
    assert itself.tolist() == pytest.approx([1] * 5, abs=1e-4)
    shuffled = replace(subject, codes=subject.codes.roll(7, dims=0))
    assert not stable(subject, usual, planted.controls, shuffled).passed.any()
