"""What is made of a table: bits of middling prevalence, no concept twice, halves, controls, targets."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from trainables.concepts import controls
from trainables.concepts.controls import controlled, decodability, principal_scores
from trainables.concepts.prepared import LEAST, MOST, prepare, supervised_half
from trainables.concepts.table import ConceptTable, group_of
from trainables.concepts.targets import Choice, provenance, targets
from trainables.data.dataset import ImageData, load_dataset, to_tensors
from trainables.errors import DataError

RNG = np.random.default_rng(0)
N = 600
SMOOTH = RNG.normal(size=N)
TABLE = ConceptTable(
    ("smooth", "twice", "turned", "rare", "often", "count"),
    np.column_stack(
        [
            SMOOTH,
            np.exp(SMOOTH / 10),
            -SMOOTH + 0.01 * RNG.normal(size=N),
            RNG.random(N) < 0.05,
            RNG.random(N) < 0.75,
            RNG.integers(0, 4, N),
        ]
    ).astype(np.float64),
)


@pytest.fixture(scope="module")
def data() -> ImageData:
    return to_tensors(load_dataset("digits"))


def test_rare_ones_and_copies_are_dropped_with_a_reason() -> None:
    prepared = prepare(TABLE)
    assert prepared.names == ("smooth", "often", "count")
    assert "same as smooth" in prepared.dropped["twice"]
    assert "same as smooth" in prepared.dropped["turned"]
    assert "20% to 80%" in prepared.dropped["rare"]
    values, bits = prepared.values(TABLE), prepared.bits(TABLE)
    np.testing.assert_allclose(values.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(values.std(axis=0), 1)
    assert ((bits.mean(axis=0) >= LEAST) & (bits.mean(axis=0) <= MOST)).all()
    np.testing.assert_allclose(bits.mean(axis=0), [0.3, 0.75, 0.25], atol=0.05)
    with pytest.raises(DataError, match="no concept that can be used: rare"):
        prepare(TABLE.only([3]))


def test_train_alone_decides_what_is_made_of_other_images() -> None:
    prepared = prepare(TABLE)
    shifted = ConceptTable(TABLE.names, TABLE.values + 100)
    assert prepared.bits(shifted)[:, 0].all()
    assert prepared.values(shifted)[:, 0].min() > 90


def test_halves_divide_every_group_and_change_with_the_split() -> None:
    names = (*(f"{group}/{i}" for group in "abcd" for i in range(4)), "single")
    seen = set()
    for split in range(20):
        half = supervised_half(names, split)
        assert half.sum() in (8, 9)
        for group in "abcd":
            assert sum(own for own, name in zip(half, names, strict=True) if group_of(name) == group) == 2
        seen.add(tuple(half))
    assert len(seen) > 10
    np.testing.assert_array_equal(supervised_half(names, 3), supervised_half(names, 3))


def test_controls_keep_what_they_should_and_nothing_else(data: ImageData) -> None:
    images, labels = data.train.images.numpy(), data.train.labels.numpy()
    left = images[:, :, :4].sum(axis=(1, 2)) > np.quantile(images[:, :, :4].sum(axis=(1, 2)), 0.7)
    noisy = left ^ (np.random.default_rng(1).random(len(left)) < 0.25)
    bits = np.column_stack([left, noisy])
    scores = principal_scores(images.reshape(len(images), -1).astype(float), controls.COMPONENTS)
    decodable = lambda own: decodability(scores, own.astype(float))  # noqa: E731
    permuted = controlled("permuted", bits, images, labels, 0)
    np.testing.assert_array_equal(permuted.mean(axis=0), bits.mean(axis=0))
    assert decodable(permuted).max() < 0.1
    random = controlled("random_images", bits, images, labels, 0)
    np.testing.assert_allclose(random.mean(axis=0), bits.mean(axis=0), atol=0.01)
    np.testing.assert_allclose(decodable(random), decodable(bits), atol=0.12)
    assert abs(np.corrcoef(random[:, 0], left)[0, 1]) < 0.7
    classes = controlled("labels", bits, images, labels, 0)
    for column in classes.T:
        assert {float(column[labels == label].mean()) for label in range(10)} == {0.0, 1.0}
    np.testing.assert_allclose(classes.mean(axis=0), bits.mean(axis=0), atol=0.06)
    assert (controlled("random_images", bits, images, labels, 1) != random).any()


def test_targets_are_standard_and_on_record(data: ImageData) -> None:
    drawn = lambda: 3  # noqa: E731
    whole = targets(Choice("strokes"), data.train, drawn)
    half = targets(Choice("strokes", "half", 5, "bits"), data.train, drawn)
    other = targets(Choice("strokes", "other_half", 5, "bits"), data.train, drawn)
    assert half.shape[1] + other.shape[1] == whole.shape[1]
    for found in (whole, half, other):
        np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-9)
        np.testing.assert_allclose(found.std(axis=0), 1)
    assert {len(np.unique(column)) for column in half.T} == {2}
    control = targets(Choice("strokes", "half", 5, "values", "permuted"), data.train, drawn)
    np.testing.assert_allclose(np.sort(control, axis=0), np.sort(half, axis=0), atol=1e-12)
    told = provenance(Choice("strokes", "half", 5), data.train)
    assert len(told["supervised"]) == half.shape[1]
    assert len(told["held_out"]) == other.shape[1]
    assert "20% to 80%" in told["dropped"]["holes/upper"]


def test_a_standard_deviation_of_0_is_no_division_by_0(data: ImageData) -> None:
    with torch.no_grad():
        found = targets(Choice("strokes", control="labels"), data.train, lambda: 0)
    assert np.isfinite(found).all()
