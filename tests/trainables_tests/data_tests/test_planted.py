"""Planted images: what they claim to be made of, they are made of."""

from __future__ import annotations

import numpy as np
import pytest

from trainables.data.dataset import Dataset, load_dataset
from trainables.data.planted import WEAKEST, plant
from trainables.errors import DataError
from trainables.settings.planted import PlantedConfig


def planted(**settings: object) -> Dataset:
    return load_dataset("planted", settings={"images": 1000, **settings})


def all_present(data: Dataset) -> np.ndarray:
    assert data.truth is not None
    return np.concatenate(data.truth.strengths) > 0


def all_labels(data: Dataset) -> np.ndarray:
    return np.concatenate([split.labels for split in (data.train, data.val, data.test)])


def test_without_noise_an_image_is_the_strongest_of_its_strokes() -> None:
    data = planted(noise=0.0)
    assert data.truth is not None
    made = (data.truth.val[:, :, None, None] * data.truth.strokes).max(axis=1)
    np.testing.assert_allclose(data.val.images, made, atol=1e-6)
    drawn = data.truth.val[data.truth.val > 0]
    assert drawn.min() >= WEAKEST
    assert drawn.max() <= 1


def test_the_same_settings_give_the_same_images_and_each_setting_counts() -> None:
    base = planted().key
    assert planted().key == base
    changes = {
        "parts": 23, "per_image": 6.0, "classes": 7, "size": 17, "noise": 0.1,
        "correlation": 0.5, "depth": 2, "overlap": 0.6, "seed": 1,
    }  # fmt: skip
    keys = [planted(**{name: value}).key for name, value in changes.items()]
    assert len({base, *keys}) == len(changes) + 1


@pytest.mark.parametrize("settings", [{}, {"depth": 3}, {"correlation": 0.7}, {"parts": 40, "classes": 30}])
def test_the_class_is_a_function_of_the_parts_and_no_part_is_the_class(settings: dict[str, int]) -> None:
    data = planted(**settings)
    world = plant(PlantedConfig.model_validate({"images": 1000, **settings}))
    present, labels = all_present(data), all_labels(data)
    whole = np.stack([present[:, pair].all(axis=1) for pair in world.pairs], axis=1)
    assert (whole.sum(axis=1) == 1).all()
    assert (whole.argmax(axis=1) == labels).all()
    assert set(labels) == set(range(data.n_classes))
    shares = [
        np.bincount(labels[present[:, p]], minlength=1).max() / max(present[:, p].sum(), 1) for p in range(8)
    ]
    assert max(shares) < 1


def test_parts_an_image_are_as_many_as_asked_for() -> None:
    for wanted in (4.0, 5.0, 8.0):
        assert all_present(planted(images=4000, per_image=wanted)).sum(axis=1).mean() == pytest.approx(
            wanted, abs=0.15
        )


def test_a_child_is_never_without_its_parent() -> None:
    config = {"depth": 3, "parts": 24}
    parents = plant(PlantedConfig(**config)).parents  # type: ignore[arg-type]
    present = all_present(planted(**config))
    assert (parents[:8] == -1).all()
    assert (parents[8:16] < 8).all()
    assert (parents[16:] >= 8).all()
    for part, parent in enumerate(parents):
        assert parent < 0 or not (present[:, part] & ~present[:, parent]).any()


def test_correlation_is_among_a_group_alone() -> None:
    def phi(correlation: float) -> tuple[float, float]:
        rho = np.corrcoef(all_present(planted(images=6000, correlation=correlation, parts=40)).T)
        group = np.arange(40) // 4
        same = (group[:, None] == group) & ~np.eye(40, dtype=bool)
        return float(rho[same].mean()), float(rho[group[:, None] != group].mean())

    loose, tied = phi(0.0), phi(0.8)
    assert loose[0] == pytest.approx(0, abs=0.06)
    assert tied[0] > 0.2
    assert tied[1] == pytest.approx(loose[1], abs=0.06)


def test_overlap_heaps_the_strokes() -> None:
    def shared(overlap: float) -> float:
        truth = planted(overlap=overlap).truth
        assert truth is not None
        inked = (truth.strokes > 0.5).reshape(len(truth.strokes), -1).astype(float)
        return float((inked @ inked.T)[~np.eye(len(inked), dtype=bool)].mean())

    assert shared(0.0) < shared(0.5) < shared(1.0)


def test_a_limit_keeps_truth_and_images_together() -> None:
    whole, few = planted(), load_dataset("planted", limit=50, settings={"images": 1000})
    assert whole.truth is not None
    assert few.truth is not None
    assert len(few.val) == len(few.truth.val) == 50
    np.testing.assert_array_equal(few.truth.val, whole.truth.val[:50])


def test_what_cannot_be_planted_is_refused_in_a_sentence() -> None:
    with pytest.raises(DataError, match="it can be at most half"):
        planted(parts=6, per_image=4.0)
    with pytest.raises(DataError, match="fewer than 50 classes"):
        planted(parts=6, per_image=2.0, classes=50)
    with pytest.raises(DataError, match="digits takes no settings"):
        load_dataset("digits", settings={"parts": 3})
