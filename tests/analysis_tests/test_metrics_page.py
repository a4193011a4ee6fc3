"""The page about the metrics: its statistics by hand, and one made from real, tiny pipelines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

from analysis import metrics_page
from analysis.metric_runs import NEIGHBOURS, Runs, _config
from trainables.metrics.catalog import METRICS


def test_rank_correlations_are_scipys_and_blank_for_what_does_not_move() -> None:
    draw = np.random.default_rng(0).normal(size=(8, 2)).round(1)
    rows = [{"a": a, "b": b, "c": 1.0} for a, b in draw]
    rho = metrics_page.rank_correlations(rows, ["a", "b", "c"])
    assert rho[0, 1] == pytest.approx(spearmanr(draw[:, 0], draw[:, 1]).statistic)
    assert rho[0, 0] == pytest.approx(1)
    assert np.isnan(rho[2]).all()


def test_rows_without_a_metric_are_left_out_of_its_correlations() -> None:
    rows = [{"a": 1.0, "b": 2.0}, {"a": 2.0, "b": 3.0}, {"a": 3.0, "b": 4.0}, {"a": 9.0}]
    assert metrics_page.rank_correlations(rows, ["a", "b"])[0, 1] == pytest.approx(1)


def test_values_spread_and_signal() -> None:
    default = tuple({"sae/l0": value, "sae/fvu": 0.1} for value in (1.0, 2.0, 3.0))
    near = ({"sae/l0": 9.0, "sae/fvu": 0.1}, {"sae/l0": 11.0, "sae/fvu": 0.2})
    text = metrics_page.page(Runs(default, near), "intro")
    signal = np.std([1, 2, 3, 9, 11], ddof=1)
    assert f"| sae/l0 | min | rung | 2.000 | 1.000 |  |  | {signal:.1f} |" in text


def test_a_page_of_real_pipelines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "docs" / "metrics.md"
    arguments = "--data digits --limit 150 --seeds 2 --neighbours 1 --classifier-epochs 2 --sae-epochs 2"
    assert metrics_page.main([*arguments.split(), "--threads", "1", "--out", str(out)]) == 0
    assert capsys.readouterr().out == f"{out}\n"
    text = out.read_text(encoding="utf-8")
    assert f"python analysis/metrics_page.py {arguments}" in text
    for name, column in METRICS.items():
        if "concepts" in column.metric.needs:
            continue  # measured where a run names a set
        assert name.endswith(("_null", "_skill")) or f"| {name} |" in text, name


def test_data_that_are_not_there_are_told_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SAE_SEARCH_DATA", str(tmp_path))
    assert metrics_page.main(["--data", "mnist", "--threads", "1"]) == 7
    assert capsys.readouterr().err.startswith("error: ")


def test_every_neighbour_is_a_valid_trial_of_its_own() -> None:
    configs = [_config(change, {"classifier": 3, "sae": 2}, 1) for change in ({}, *NEIGHBOURS)]
    assert len({config.model_dump_json() for config in configs}) == len(NEIGHBOURS) + 1
    assert all((c.classifier.epochs, c.sae.epochs, c.replicate) == (3, 2, 1) for c in configs)
