"""Sets with a known verdict through the gates that need no SAE, on images whose parts are known."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from analysis.concept_verdict import gates
from analysis.concept_verdict.evidence import Evidence, Rows
from analysis.concept_verdict.gates import decodability, hard_bits, hygiene
from analysis.concept_verdict.rule import Word
from analysis.concept_verdict.shapley import group_values, grouped
from analysis.concept_verdict.verdict import screen
from trainables.concepts.controls import random_functions
from trainables.concepts.prepared import prepare
from trainables.concepts.table import ConceptTable
from trainables.data.dataset import Dataset, load_dataset

CLASSES = 4


@cache
def planted() -> Dataset:
    settings = {"parts": 12, "per_image": 4, "classes": CLASSES, "images": 2000, "noise": 0.3, "size": 12}
    return load_dataset("planted", settings=settings)


def evidence(values: np.ndarray, names: tuple[str, ...] | None = None) -> Evidence:
    """Of concept values over train and val; a random layer stands for the network, which knows everything."""
    dataset = planted()
    n = len(dataset.train)
    named = names or tuple(f"c/{i}" for i in range(values.shape[1]))
    train, val = ConceptTable(named, values[:n]), ConceptTable(named, values[n:])
    prepared = prepare(train)
    layer = np.random.default_rng(0).normal(size=(144, 96)) / 6

    def rows(table: ConceptTable, images: np.ndarray, labels: np.ndarray) -> Rows:
        pixels = images.reshape(len(images), -1).astype(float)
        return Rows(
            prepared.values(table), prepared.bits(table), labels, pixels, np.maximum(pixels @ layer, 0)
        )

    return Evidence(
        prepared.names,
        rows(train, dataset.train.images, dataset.train.labels),
        rows(val, dataset.val.images, dataset.val.labels),
        CLASSES,
        accuracy=0.98,
    )


def parts() -> np.ndarray:
    truth = planted().truth
    assert truth is not None
    return np.concatenate(truth.strengths[:2]).astype(float)


def both(name: str) -> np.ndarray:
    dataset = planted()
    return np.concatenate([getattr(dataset.train, name), getattr(dataset.val, name)])


@pytest.fixture(autouse=True)
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "PROJECTIONS", 19)


def test_the_parts_pass_every_gate() -> None:
    found = screen(evidence((parts() > 0).astype(float)), {})
    assert [gate.name[:2] for gate in found.gates] == ["G0", "G1", "G2", "G4"]
    assert found.word is None
    assert found.gates[2].numbers["p"] == 0.05
    assert found.gates[2].numbers["completeness"] > 0.9


def test_random_image_functions_are_no_better_than_random_projections() -> None:
    bits = random_functions(parts() > 0, both("images"), np.random.default_rng(3)).astype(float)
    found = screen(evidence(bits), {})
    assert found.word is Word.DECORATIVE
    assert found.gates[-1].name == "G2 sufficient"


def test_labels_in_disguise_are_told() -> None:
    labels = both("labels")
    codes = np.stack([(labels[:, None] == own).any(axis=1) for own in ([0], [1], [0, 2])], axis=1).astype(
        float
    )
    found = screen(evidence(codes, ("one", "two", "three")), {})
    assert found.word is Word.DECORATIVE
    assert found.gates[-1].name == "G0 hygiene"
    assert "a label in disguise: 100%" in found.drop["two"]
    mixed = screen(evidence(np.column_stack([codes[:, 0], (parts() > 0).astype(float)])), {})
    assert "c/0" in mixed.gates[0].drop
    assert mixed.word is None


def test_noise_is_not_decodable() -> None:
    noise = np.random.default_rng(4).random((len(parts()), 6))
    found = screen(evidence(noise), {})
    assert found.word is Word.DECORATIVE
    assert found.gates[-1].name == "G1 decodable"


def test_the_share_of_noise_that_passes_as_decodable_is_a_hundredth() -> None:
    noise = np.random.default_rng(5).random((len(parts()), 200)) < 0.4
    r2, null = decodability(evidence(noise.astype(float)), 99)
    assert (r2 > np.quantile(null, 0.99, axis=0)).mean() < 0.04


def test_soft_values_that_carry_the_label_leak() -> None:
    code = np.random.default_rng(6).normal(size=(CLASSES, 8))
    bits = random_functions(parts()[:, :8] > 0, both("images"), np.random.default_rng(6))
    soft = bits + 0.3 * code[both("labels")] + 0.2 * np.random.default_rng(7).normal(size=bits.shape)
    found = screen(evidence(soft), {})
    assert found.word is Word.DECORATIVE
    assert found.gates[-1].name == "G4 no leakage"
    assert hard_bits(evidence((parts() > 0).astype(float))).word is None


def test_a_redundant_set_is_told_what_to_drop() -> None:
    values = (parts() > 0).astype(float)
    names = (*(f"part/{i}" for i in range(12)), *(f"again/{i}" for i in range(3)))
    flipped = values[:, :3].astype(bool) ^ (np.random.default_rng(7).random((len(values), 3)) < 0.06)
    own = evidence(np.column_stack([values, flipped]), names)
    by_group = {group.group: group for group in group_values(own)}
    assert by_group["again"].spare
    assert not by_group["part"].spare
    copies = prepare(ConceptTable(("a", "b"), np.column_stack([values[:, 0], 2 * values[:, 0] + 1])))
    assert hygiene(evidence(values), copies.dropped).drop["b"] == "says the same as a, correlation 1.000"


def test_shapley_values_add_up_and_an_idle_group_has_none() -> None:
    values = np.column_stack(
        [(parts() > 0).astype(float), np.random.default_rng(8).random((len(parts()), 2))]
    )
    names = (*(f"a/{i}" for i in range(6)), *(f"b/{i}" for i in range(6)), "idle/0", "idle/1")
    own = evidence(values, names)
    found = {group.group: group for group in group_values(own)}
    whole = own.correct(own.train.values, own.val.values).mean()
    empty = own.correct(own.train.values[:, :0], own.val.values[:, :0]).mean()
    assert sum(group.value for group in found.values()) == pytest.approx(whole - empty)
    assert abs(found["idle"].value) < 0.02
    assert found["idle"].spare
    assert found["a"].lower > 0


def test_too_many_groups_are_put_together() -> None:
    names = tuple(f"{group}/{i}" for group in "abcdefghij" for i in range(3))
    found = grouped(names, 8)
    assert len(found) == 8
    assert sorted(name for own in found.values() for name in own) == sorted(names)


def test_only_keeps_what_is_named() -> None:
    own = evidence((parts() > 0).astype(float))
    kept = own.only([2, 4])
    assert kept.names == (own.names[2], own.names[4])
    np.testing.assert_array_equal(kept.val.bits, own.val.bits[:, [2, 4]])
    assert replace(kept, names=own.names) != kept
