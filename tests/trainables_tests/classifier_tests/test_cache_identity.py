"""Which trials share a classifier."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trainables.classifier.cache_identity import classifier_settings
from trainables.config import TrialConfig
from trainables.errors import DataError


def settings(classifier: dict[str, Any] | None = None, **auxiliary: Any) -> dict[str, Any]:
    return classifier_settings(
        TrialConfig.model_validate(
            {"classifier": {"kind": "mlp", **(classifier or {})}, "auxiliary": auxiliary}
        )
    )


def test_how_far_it_goes_does_not_count_and_every_other_setting_does() -> None:
    assert settings({"epochs": 3}) == settings({"epochs": 30})
    for change in ({"kwta": 3}, {"beta1": 0.8}, {"front_end": "gabor"}, {"zero_dead_pixels": True}):
        assert settings(change) != settings()
    assert settings(rrr=0.1) != settings(rrr=0.2) != settings()


def test_a_loss_that_is_off_has_no_settings() -> None:
    assert settings(contrastive_temperature=0.5) == settings()
    assert settings(contrastive=1.0, contrastive_temperature=0.5) != settings(contrastive=1.0)
    assert settings(concept_table="/no/such/table.npz", concept_share=1.0) == settings()


def test_the_table_s_contents_count_not_its_place(tmp_path: Path) -> None:
    found = []
    for number, name in ((0.0, "a.npz"), (0.0, "b.npz"), (1.0, "a.npz")):
        np.savez(tmp_path / name, concepts=np.array([[number], [2.0]]))
        found.append(settings(concepts=1.0, concept_table=str(tmp_path / name)))
    assert found[0] == found[1] != found[2]


def test_a_missing_table_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.npz cannot be read: No such file"):
        settings(concepts=1.0, concept_table=str(tmp_path / "gone.npz"))
