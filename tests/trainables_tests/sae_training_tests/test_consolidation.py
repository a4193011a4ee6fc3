"""Rare latents go, copies become one, and what is left says the same."""

from __future__ import annotations

import pytest
import torch

from tests.trainables_tests.sae_builders import build, outputs, planted, sae_config
from trainables import registry
from trainables.sae_training.consolidation import codes_of, consolidated
from trainables.sae_training.train import train_sae
from trainables.saes.shell import narrowed, sae_from
from trainables.saes.sparse_autoencoder import SparseAutoencoder

every_kind = pytest.mark.parametrize("kind", registry.SAES)


def trained_like(kind: str) -> tuple[SparseAutoencoder, torch.Tensor]:
    sae = build(kind).requires_grad_(False).eval()
    x = outputs() * sae.scale
    sae.calibrate(x)
    return sae, x


@every_kind
def test_off_it_is_the_very_sae(kind: str) -> None:
    sae, x = trained_like(kind)
    left = consolidated(sae, sae_config(kind, width=20, k=3), x)
    assert left.sae is sae
    assert (left.rare, left.merged) == (0, 0)


@every_kind
def test_fewer_latents_are_the_same_latents(kind: str) -> None:
    sae, x = trained_like(kind)
    kept = torch.tensor([0, 1, 4, 5])
    assert torch.equal(sae.together(kept), kept)
    narrow = narrowed(sae, sae_config(kind, width=20, k=3, prefixes=3), kept)
    torch.testing.assert_close(narrow.pre_activations(x), sae.pre_activations(x)[:, kept])
    assert narrow.decoder.shape == (4, x.shape[1])
    again = sae_from(sae_config(kind, width=20, k=3, prefixes=3), narrow.state_dict())
    assert torch.equal(again.eval().encode_scaled(x)[1], narrow.encode_scaled(x)[1])


@every_kind
def test_rare_latents_are_gone_and_the_rest_fire_often_enough(kind: str) -> None:
    sae, x = trained_like(kind)
    with torch.no_grad():
        # A row of no length: codes that are solved for are used where they explain something.
        sae.encoder_bias[4:6] = -1e6
        sae.decoder[4:6] = 0
    config = sae_config(kind, width=20, k=3, prefixes=3, prune_rare=0.02)
    left = consolidated(sae, config, x)
    assert left.rare >= 1
    assert len(left.sae.decoder) == 20 - left.rare
    share = (codes_of(left.sae, x) > 0).double().mean(0)
    assert all(share[left.sae.together(torch.tensor([j]))].max() >= 0.02 for j in range(len(share)))
    assert not any(torch.equal(row, sae.decoder[5]) for row in left.sae.decoder)


@pytest.mark.parametrize("kind", ["batch_topk", "matryoshka"])
def test_the_threshold_gives_the_asked_l0_after_pruning(kind: str) -> None:
    sae, x = trained_like(kind)
    with torch.no_grad():
        sae.encoder_bias[:6] = -1e6
    left = consolidated(sae, sae_config(kind, width=20, k=3, prefixes=3, prune_rare=0.01), x)
    assert left.rare >= 6
    assert (codes_of(left.sae, x) > 0).sum(1).double().mean().item() == pytest.approx(3, abs=0.02)


def test_a_copy_is_merged_and_nothing_is_lost() -> None:
    sae = build("relu").requires_grad_(False).eval()
    x = outputs() * sae.scale
    with torch.no_grad():
        # Latent 7 is what latent 2 writes, at half the strength, and both fire at once.
        sae.decoder[7] = sae.decoder[2]
        sae.encoder[:, 7] = 0.5 * sae.encoder[:, 2]
        sae.encoder_bias[7] = 0.5 * sae.encoder_bias[2]
    written = sae.decode_scaled(codes_of(sae, x))
    left = consolidated(sae, sae_config("relu", width=20, merge_alike=0.99), x)
    assert (left.rare, left.merged) == (0, 1)
    torch.testing.assert_close(left.sae.decode_scaled(codes_of(left.sae, x)), written)


def test_alike_in_one_respect_alone_is_no_copy() -> None:
    sae = build("relu").requires_grad_(False).eval()
    x = outputs() * sae.scale
    with torch.no_grad():
        sae.decoder[7] = sae.decoder[2]
        sae.encoder[:, 9] = sae.encoder[:, 4]
        sae.encoder_bias[9] = sae.encoder_bias[4]
    assert consolidated(sae, sae_config("relu", width=20, merge_alike=0.95), x).merged == 0


@every_kind
def test_a_training_ends_with_it_and_says_what_it_took(kind: str) -> None:
    y, _ = planted(n=600)
    config = sae_config(kind, width=40, k=2, target_l0=2.0, prefixes=2, prune_rare=0.01, auxk=0.0)
    result = train_sae(config, y, epochs=3, seed=0, device="cpu")
    assert len(result.sae.decoder) == 40 - result.rare - result.merged
    assert (result.sae.encode(y)[1] > 0).double().mean(0).min() >= 0.01


def test_not_even_a_silent_dictionary_is_emptied() -> None:
    sae = build("relu").requires_grad_(False).eval()
    with torch.no_grad():
        sae.encoder_bias.fill_(-1e6)
    left = consolidated(sae, sae_config("relu", width=20, prune_rare=0.05), outputs() * sae.scale)
    assert len(left.sae.decoder) == 1


def test_a_kmeans_start_lies_at_the_planted_directions() -> None:
    y, directions = planted(n=2000, r=12, latents=10, active=1)
    rows = {}
    for start in (True, False):
        sae = build("topk", r=12, width=10, k=1, kmeans_start=start)
        sae.initialise(y, torch.Generator().manual_seed(1))
        rows[start] = (directions @ sae.decoder.T).amax(1)
    assert (rows[True] > 0.99).sum() >= 7
    assert (rows[False] > 0.99).sum() == 0
