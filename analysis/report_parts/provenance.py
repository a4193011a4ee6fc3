"""Where the numbers come from and how to get them again."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.cli.quoted_command import without_places
from analysis.load import Run
from analysis.report_parts.blocks import (
    Block,
    Column,
    Commands,
    Items,
    Section,
    Table,
    cell,
    code,
    say,
)
from analysis.report_parts.outlook import Outlook
from search.formatting import one_line
from search.study.study import Study


def galleries(outlook: Outlook) -> Section:
    """Links to the galleries there are, and the command that makes them."""
    run = outlook.run_as_typed
    blocks: list[Block] = []
    if outlook.galleries:
        trials = {trial.folder: trial for trial in outlook.run.history.trials.values()}
        told = [outlook.link(trials[name]) for name in outlook.galleries if name in trials]
        blocks.append(Items(tuple(say("gallery of trial ", link) for link in told)))
    blocks.append(
        Commands(
            (
                ("pictures of the latents of the best trials", f"python analysis/gallery.py {run} --top 3"),
                ("of one trial", f"python analysis/gallery.py {run} --trial TRIAL"),
            )
        )
    )
    return Section("galleries", "Galleries", tuple(blocks))


def provenance(outlook: Outlook) -> Section:
    """Code, data, versions, host; then the commands that repeat the run, a trial and this page."""
    run, info = outlook.run_as_typed, outlook.run.info
    made_by = _made_by(info)
    commands = [("the run", made_by)] if made_by else []
    if outlook.leaderboard.ranked:
        best = outlook.leaderboard.ranked[0]
        reproduce = f"python search/run.py --reproduce {run} {best.number}"
        commands.append(("train the best trial again and compare every metric", reproduce))
    commands.append(
        ("confirm the best with fresh seeds on the test split", f"python search/confirm.py {run}")
    )
    commands.append(("this page", f"python analysis/report.py {run}"))
    blocks = (facts_table(info, outlook.study, _digest(outlook.run)), Commands(tuple(commands)))
    return Section("provenance", "Where this comes from", blocks)


def _digest(run: Run) -> str:
    """Of the images, as the driver noted it at its start."""
    sessions = run.history.sessions
    return sessions[-1].data or "" if sessions else ""


def facts_table(info: Mapping[str, object], study: Study | None, digest: str = "") -> Table:
    """Facts of run.json; what is missing or odd is left out."""
    facts = [("data digest", digest), *_facts(info, study)]
    rows = [(name, value) for name, value in facts if value]
    cells = tuple((cell(name), cell(code(one_line(value, 300)))) for name, value in rows)
    return Table("Facts", (Column("what"), Column("value")), cells)


def _facts(info: Mapping[str, object], study: Study | None) -> list[tuple[str, str]]:
    git, host, versions = (_mapping(info.get(key)) for key in ("git", "host", "versions"))
    parts = (("system", ""), ("cpus", " cores"), ("memory_gib", " GiB"))
    machine = [f"{host[key]}{unit}" for key, unit in parts if key in host]
    commit = str(git.get("commit", "")) + (" with uncommitted changes" if git.get("dirty") else "")
    data = "" if study is None else study.data.name
    if study is not None and study.data.limit is not None:
        data += f", at most {study.data.limit} images a split"
    return [
        ("data", data),
        ("seed", "" if study is None else str(study.budget.seed)),
        ("status", str(info.get("status") or "")),
        ("reason", str(info.get("reason") or "")),
        ("started", str(info.get("started") or "")),
        ("ended", str(info.get("ended") or "")),
        ("code", commit),
        ("Python", str(info.get("python") or "")),
        ("packages", ", ".join(f"{name} {version}" for name, version in versions.items())),
        ("machine", ", ".join(machine)),
    ]


def _made_by(info: Mapping[str, object]) -> str:
    words = info.get("command")
    if not isinstance(words, list) or not words or "--resume" in words:
        return ""
    return f"python search/{without_places([str(word) for word in words])}"


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
