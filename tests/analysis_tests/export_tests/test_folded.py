from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import pytest
import torch

from analysis.export_formats.comparison import largest_difference, refuse_other_codes
from analysis.export_formats.folded import fold
from analysis.export_formats.rules import Relu, Threshold, TopK, rule_of
from search.errors import RunDirectoryError, SearchError, SpaceError
from tests.analysis_tests.export_tests.subjects import (
    EVERY_SAE_ON_EVERY_BASIS,
    SAES,
    WITHOUT_A_RULE,
    F,
    K,
    hidden_and_codes,
    subject,
)
from trainables.saes.sparse_autoencoder import SparseAutoencoder
from trainables.settings.sae import SaeTrainingConfig


@pytest.mark.parametrize(("sae", "basis"), EVERY_SAE_ON_EVERY_BASIS)
def test_codes_and_reconstructions_stay_what_they_were(sae: str, basis: str) -> None:
    found = subject(sae, basis)
    h, z = hidden_and_codes(found)
    assert (z > 0).any()
    assert (z == 0).any()
    torch.testing.assert_close(found.folded.encode(h), z, rtol=1e-5, atol=1e-5)
    own = found.model.features.decode(z)
    torch.testing.assert_close(found.folded.decode(z), own, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("sae", SAES)
def test_in_float64_nothing_is_lost_but_the_rounding_of_the_weights(sae: str) -> None:
    found = subject(sae, "whitened_pca")
    h = hidden_and_codes(found)[0].double()
    with torch.no_grad():
        exact = deepcopy(found.model.features).double().encode(h)[0]
    folded = found.folded
    encoder, bias, constant = (t.double() for t in (folded.encoder, folded.decoder_bias, folded.encoder_bias))
    torch.testing.assert_close((h - bias) @ encoder + constant, exact, rtol=0, atol=1e-6)


def test_a_pre_activation_at_its_jump_is_told_from_one_that_is_not() -> None:
    u = torch.tensor([[3.0, 2.0, 1.0, -1.0]])
    assert TopK(2).distance_to_jump(u).tolist() == [[2.0, 1.0, 1.0, 3.0]]
    assert TopK(4).distance_to_jump(u).isinf().all()
    assert Threshold(torch.tensor([3.0, 1.0, 1.0, 0.0])).distance_to_jump(u).tolist() == [
        [0.0, 1.0, 0.0, 1.0]
    ]
    assert Relu().distance_to_jump(u).isinf().all()


@pytest.mark.parametrize("sae", SAES)
def test_a_code_jumps_where_its_rule_says(sae: str) -> None:
    """Halfway to the jump all codes change little; beyond it the one changes as a jump does, or never."""
    rule = subject(sae, "raw").folded.rule
    u = torch.linspace(-1, 2, F)[torch.randperm(F, generator=torch.Generator().manual_seed(0))][None]
    distance = rule.distance_to_jump(u)
    for latent in range(F):
        room = float(distance[0, latent])
        if room == float("inf"):
            continue
        nudged = u.clone()
        nudged[0, latent] += 0.5 * room
        assert ((rule.codes(nudged) > 0) == (rule.codes(u) > 0)).all()


def test_other_weights_are_noticed() -> None:
    found = subject("relu", "pca")
    h, z = hidden_and_codes(found)
    assert refuse_other_codes(found, h, z) == 0
    wrong = z.clone()
    wrong[5, int(z[5].argmax())] *= 1.001
    with pytest.raises(SearchError, match="nothing was exported"):
        refuse_other_codes(found, h, wrong)
    with pytest.raises(SearchError, match="differ by nan"):
        refuse_other_codes(found, h, torch.full_like(z, torch.nan))


def test_a_tie_among_the_k_largest_is_no_difference() -> None:
    found = subject("topk", "raw")
    sae = found.model.features.sae
    with torch.no_grad():  # two latents that are one
        sae.encoder[:, 1], sae.encoder_bias[1] = sae.encoder[:, 0], sae.encoder_bias[0]
    found = replace(found, folded=fold(found.model.features))
    h, z = hidden_and_codes(found)
    swapped = z[:, [1, 0, *range(2, F)]]
    assert (swapped != z).any()
    assert largest_difference(found, h, swapped) == 0


@pytest.mark.parametrize("name", ["encoder", "scale", "decoder_bias"])
def test_weights_that_are_no_numbers_are_refused(name: str) -> None:
    features = subject("relu", "raw").model.features
    with torch.no_grad():
        getattr(features.sae, name).fill_(torch.nan)
    with pytest.raises(RunDirectoryError, match=f"sae.{name}"):
        fold(features)


def test_a_kind_without_a_rule_is_refused_by_name() -> None:
    class Novel(SparseAutoencoder):
        pass

    with pytest.raises(SpaceError, match="Novel cannot be exported yet"):
        rule_of(Novel(SaeTrainingConfig(), 4))


@pytest.mark.parametrize("sae", WITHOUT_A_RULE)
def test_kinds_that_no_format_has_a_map_for_are_refused(sae: str) -> None:
    with pytest.raises(SpaceError, match=r"Sae (cannot be exported yet|encodes in two passes)"):
        subject(sae, "raw")


@pytest.mark.parametrize("setting", ["refine_step", "drop_below"])
def test_codes_that_are_refined_in_use_are_refused(setting: str) -> None:
    features = deepcopy(subject("topk", "raw").model.features)
    setattr(features.sae, setting, 0.1)
    with pytest.raises(SpaceError, match=setting):
        fold(features)


def test_the_rules_of_all_kinds() -> None:
    names = {sae: subject(sae, "raw").folded.rule.name for sae in SAES}
    assert names == {
        "relu": "relu",
        "relu_target": "relu",
        "topk": "topk",
        "batch_topk": "threshold",
        "jumprelu": "threshold",
        "gated": "gated",
        "matryoshka": "threshold",
        "archetypal": "topk",
        "consensus": "topk",
    }
    assert subject("topk", "raw").folded.rule == TopK(K)
