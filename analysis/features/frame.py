"""All latents of a trial as one table, for notebooks and other tools."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from analysis.features.feature import NO_CLASS, FeatureTable


def feature_frame(table: FeatureTable, sentences: Mapping[int, str] | None = None) -> pd.DataFrame:
    """One row a latent, in the order of their numbers, the index `latent`. Columns as `FeatureTable` has
    them, top_class by its name, then tier, card_margin and fails of the validity card where it was
    filled, and `sentence` of those latents that have one.
    """
    columns: dict[str, object] = {
        name: getattr(table, name)
        for name in (
            "density",
            "max_activation",
            "mean_activation",
            "purity",
            "purity_null",
            "ablation_effect",
            "dead",
            "dense",
        )
    }
    columns["top_class"] = [
        None if c == NO_CLASS else table.class_names[int(c)] for c in table.top_class.tolist()
    ]
    columns["label"] = list(table.labels)
    if table.verdicts:
        columns["tier"] = [verdict.tier for verdict in table.verdicts]
        columns["card_margin"] = [verdict.margin for verdict in table.verdicts]
        columns["fails"] = [
            ", ".join(tick.test for tick in verdict.ticks if tick.passed is False)
            for verdict in table.verdicts
        ]
    if sentences is not None:
        columns["sentence"] = [sentences.get(j) for j in range(len(table))]
    return pd.DataFrame(columns, index=pd.RangeIndex(len(table), name="latent"))
