"""Hit rates by stage, added up over the trials' own files."""

from __future__ import annotations

from pathlib import Path

from analysis.load import load_run
from analysis.report_parts.as_markdown import as_markdown
from analysis.report_parts.blocks import Section
from analysis.report_parts.cache_share import cache_share
from search.stages.saved import saved
from tests.analysis_tests.runs import copied
from trainables.stages import cache_counts


def told(run: Path) -> str:
    return as_markdown("t", "q", [Section("cache", "Cache", tuple(cache_share(load_run(run))))])


def test_hits_and_misses_of_all_trials_are_added_up(real_run: Path, tmp_path: Path) -> None:
    run = copied(real_run, tmp_path / "run")
    for trial in (run / "trials").glob("[0-9]*"):
        (trial / cache_counts.FILE).unlink(missing_ok=True)
    assert "not recorded" in told(run)
    first, second = sorted((run / "trials").glob("[0-9]*"))[:2]
    cache_counts.add(first, {"classifier": 1}, {"classifier": 2, "sae": 3})
    cache_counts.add(second, {"classifier": 5}, {})
    rows = [line.split("|") for line in told(run).splitlines() if line.startswith("|")]
    assert [[part.strip() for part in row[1:-1]] for row in rows[2:]] == [
        ["classifier", "8", "6", "75%"],
        ["sae", "3", "0", "0%"],
    ]


def test_what_sharing_saved_is_said_where_trials_shared(real_run: Path) -> None:
    run = load_run(real_run)
    assert run.study is not None
    found = saved(run.study, run.history)
    assert found.trials >= found.sharing
    sentence = f"{found.sharing} of {found.trials} trials found their classifier trained"
    assert (sentence in told(real_run)) == bool(found.sharing)
