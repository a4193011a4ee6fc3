"""How often the trials' stages came from the cache instead of being trained again."""

from __future__ import annotations

from collections import Counter

from analysis.load import Run
from analysis.report_parts.blocks import Block, Column, Table, cell, say
from search.formatting import duration
from search.stages.saved import saved
from trainables.stages import cache_counts


def cache_share(run: Run) -> list[Block]:
    """A table by stage over all trials, from the files in their folders; a sentence where none has one."""
    hits: Counter[str] = Counter()
    uses: Counter[str] = Counter()
    for trial in run.history.trials.values():
        for stage, counts in cache_counts.read(run.path / "trials" / trial.folder).items():
            hits[stage] += counts["hits"]
            uses[stage] += counts["hits"] + counts["misses"]
    shared = _shared(run)
    if not uses:
        return [
            *shared,
            say("How many stages were taken from the cache is not recorded in this run.", kind="note"),
        ]
    heads = (
        Column("stage"),
        *(Column(head, numeric=True) for head in ("asked for", "from the cache", "share")),
    )
    rows = tuple(
        (
            cell(stage),
            cell(str(uses[stage]), sort=uses[stage]),
            cell(str(hits[stage]), sort=hits[stage]),
            cell(f"{hits[stage] / uses[stage]:.0%}", sort=hits[stage] / uses[stage]),
        )
        for stage in sorted(uses)
    )
    why = (
        "Trials that agree on data, classifier or basis share what was trained before. A classifier's "
        "training is cached in pieces, a step each."
    )
    return [*shared, say(why, kind="note"), Table("Stages from the cache", heads, rows)]


def _shared(run: Run) -> list[Block]:
    """What sharing classifiers saved, by the times in the ledger; nothing where no two trials had one."""
    found = saved(run.study, run.history) if run.study is not None else None
    if found is None or not found.sharing:
        return []
    return [
        say(
            f"{found.sharing} of {found.trials} trials found their classifier trained by an earlier one "
            f"({found.classifiers} different ones in all). Trained anew they would have taken "
            f"{duration(found.saved)} more; classifiers took {duration(found.spent)}."
        )
    ]
