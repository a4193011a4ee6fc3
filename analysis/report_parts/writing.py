"""The page and its Markdown twin, from one and the same sections."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from pathlib import Path

from analysis.charts.chart import style_sheet
from analysis.load import Run
from analysis.pages.page import render, write_page
from analysis.report_parts.as_markdown import PICTURES, as_markdown, pictures
from analysis.report_parts.outlook import Outlook
from analysis.report_parts.sections import sections, sections_without_space
from search.disk import write_bytes


def write_report(
    run: Run, typed: str, out: Path, progress: Callable[[str], None] = lambda _: None
) -> list[Path]:
    """Write index.html, report.md and pictures/ into `out`; returns the two. DiskError if it cannot be.

    typed: the run directory as the user named it, for the commands that the page quotes.
    """
    quoted = shlex.quote(typed)
    name, question = run.name, str(run.info.get("question") or "")
    if run.study is None:
        found = sections_without_space(run)
    else:
        outlook = Outlook(run, run.study, Path(os.path.abspath(out)), quoted)
        found, question = sections(outlook, progress), run.study.question
    command = f"python analysis/report.py {quoted}"
    html = render(
        "report.html",
        run_name=name,
        question=question,
        sections=found,
        command=command,
        info=run.info,
        more_style=style_sheet(),
    )
    for file, document in pictures(found).items():
        write_bytes(out / PICTURES / file, document)
    write_bytes(out / "report.md", as_markdown(name, question, found).encode())
    write_page(out / "index.html", html)
    return [out / "index.html", out / "report.md"]
