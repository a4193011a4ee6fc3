"""F1 of single latents for concepts: on planted truth, against scikit-learn, at its null, inside classes."""

from __future__ import annotations

import torch
from sklearn.metrics import f1_score
from torch import Tensor

from trainables.metrics.concept_alignment import (
    Concepts,
    best_single,
    completeness,
    direction_fires,
    linear_readout,
    pairwise_f1,
    within_classes,
)

G = torch.Generator().manual_seed(0)
BITS = torch.rand(400, 5, generator=G) < 0.3
CONCEPTS = Concepts(tuple("abcde"), BITS[:300], BITS[300:], torch.tensor([True, True, False, False, False]))


def noise(n: int = 20) -> Tensor:
    return torch.rand(400, n, generator=G) < 0.2


def test_f1_is_scikit_learns() -> None:
    fires = noise()
    found = pairwise_f1(fires, BITS)
    for latent in (0, 7):
        for concept in (0, 4):
            oracle = f1_score(BITS[:, concept].numpy(), fires[:, latent].numpy())
            assert abs(float(found[latent, concept]) - oracle) < 1e-12
    assert float(pairwise_f1(torch.zeros(4, 1, dtype=torch.bool), torch.zeros(4, 1, dtype=torch.bool))) == 0


def test_the_planted_latent_is_found_and_scored_on_other_images() -> None:
    fires = noise()
    fires[:, 3] = BITS[:, 1]
    fires[300:, 9] = BITS[300:, 2]  # a latent that is right on val alone must not be chosen
    found, chosen = best_single((fires[:300], fires[300:]), CONCEPTS)
    assert int(chosen[1]) == 3
    assert float(found[1]) == 1.0
    assert float(found[2]) < 0.6


def test_random_directions_are_as_good_as_codes_that_know_nothing() -> None:
    h = torch.randn(400, 16, generator=G)
    families = {"gaussian": torch.randn(512, 16, generator=G)}
    fires = noise(30)
    counts = fires[:300].sum(dim=0).tolist()
    (draws,) = direction_fires((h[:300], h[300:]), families, counts, seed=1).values()
    for on_train, _ in draws:
        assert on_train.sum(dim=0).tolist() == counts
    null = torch.stack([best_single(draw, CONCEPTS)[0] for draw in draws]).mean()
    own = best_single((fires[:300], fires[300:]), CONCEPTS)[0].mean()
    assert abs(float(null - own)) < 0.08
    again = direction_fires((h[:300], h[300:]), families, counts, seed=1)["gaussian"]
    assert all(torch.equal(a[1], b[1]) for a, b in zip(draws, again, strict=True))


def test_denser_codes_raise_the_chance_level_too() -> None:
    h = torch.randn(400, 16, generator=G)
    families = {"gaussian": torch.randn(512, 16, generator=G)}
    nulls = []
    for count in (15, 150):
        draws = direction_fires((h[:300], h[300:]), families, [count] * 20, seed=2)["gaussian"]
        nulls.append(float(torch.stack([best_single(draw, CONCEPTS)[0] for draw in draws]).mean()))
    assert nulls[1] > nulls[0] + 0.1


def test_a_code_that_is_only_the_label_is_at_chance_inside_a_class() -> None:
    labels = torch.randint(0, 3, (400,), generator=G)
    bits = torch.stack([labels == 0, torch.rand(400, generator=G) < 0.4], dim=1)
    concepts = Concepts(("class", "free"), bits[:300], bits[300:], torch.tensor([True, True]))
    label_code = torch.stack([labels == i for i in range(3)], dim=1)
    whole, _ = best_single((label_code[:300], label_code[300:]), concepts)
    found, counts = within_classes(
        (label_code[:300], label_code[300:]), concepts, (labels[:300], labels[300:]), 3
    )
    assert float(whole[0]) == 1.0
    assert not counts[:, 0].any(), "the class itself does not vary inside a class"
    assert counts[:, 1].all()
    true = torch.column_stack([label_code, bits[:, 1]])
    better, _ = within_classes((true[:300], true[300:]), concepts, (labels[:300], labels[300:]), 3)
    assert (better[:, 1] == 1).all()
    assert float(found[:, 1].mean()) < 0.8


def test_a_linear_reader_finds_what_is_linear() -> None:
    h = torch.randn(400, 8, generator=G)
    bits = (h @ torch.randn(8, 2, generator=G)) > 0
    train, val = linear_readout((h[:300], h[300:]), bits[:300])
    agreement = ((val > 0) == bits[300:]).double().mean()
    assert float(agreement) > 0.9
    assert train.shape == (300, 2)
    assert completeness(0.1, 0.1, 0.9) == 0.0
    assert completeness(0.9, 0.1, 0.9) == 1.0
    assert completeness(0.2, 0.1, 0.1) == 10.0  # a network that knows nothing divides by .01, not by 0
