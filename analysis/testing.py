"""What a section of the report promises, as a check that its author can run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from analysis.load import load_run
from analysis.report_parts.as_markdown import as_markdown
from analysis.report_parts.blocks import Section
from analysis.report_parts.outlook import Outlook
from trainables.contracts.promise import holds


def check_report_section(section: Callable[[Outlook], Section | None], run: Path) -> None:
    """Of a run directory it returns a section that can be written, the same each time, or None; and it leaves
    the run as it is."""
    loaded = load_run(run)
    assert loaded.study is not None, f"{run} has no space file that can be read"
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*") if path.is_file()}
    outlook = Outlook(loaded, loaded.study, run / "report", str(run))
    found = section(outlook)
    if found is not None:
        holds(isinstance(found, Section), f"it returns a {type(found).__name__}, not a Section or None")
        text = as_markdown(loaded.name, "", [found])
        again = section(outlook)
        holds(again is not None and as_markdown(loaded.name, "", [again]) == text, "asked again it says else")
    after = {path: path.stat().st_mtime_ns for path in run.rglob("*") if path.is_file()}
    holds(before == after, "it writes into the run directory")
