"""Pictures of the default and the best stand in the report where their workers left them, and only then."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.effects.importance import Importances, ParameterImportance
from analysis.load import load_run
from analysis.report_parts.as_markdown import as_markdown, pictures
from analysis.report_parts.blocks import Photos
from analysis.report_parts.importances import by_stage
from analysis.report_parts.latents_seen import PNG, latents_seen
from analysis.report_parts.outlook import Outlook
from tests.analysis_tests.runs import copied


@pytest.fixture
def outlook(unfinished_run: Path, tmp_path: Path) -> Outlook:
    run = load_run(copied(unfinished_run, tmp_path))
    assert run.study is not None
    for record in run.history.trials.values():
        folder = run.path / "trials" / record.folder / "pictures"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "attributions.png").write_bytes(PNG + record.folder.encode())
    return Outlook(run, run.study, run.path / "report", "runs/x")


def test_the_default_stands_beside_the_best(outlook: Outlook) -> None:
    section = latents_seen(outlook)
    assert section is not None
    best = outlook.leaderboard.ranked[0]
    (photos,) = [block for block in section.blocks if isinstance(block, Photos)]
    assert [photo.png for photo in photos.photos] == [PNG + b"0000", PNG + best.folder.encode()]
    assert set(pictures([section])) == {"latents-0000.png", f"latents-{best.folder}.png"}
    written = as_markdown("r", "", [section])
    assert "![Strongest latents of trial 0000, the default](pictures/latents-0000.png)" in written
    assert "python analysis/compare.py runs/x" in written


@pytest.mark.parametrize("content", [b"", b"<svg onload=alert(1)>", None])
def test_what_is_no_picture_is_left_out(outlook: Outlook, content: bytes | None) -> None:
    path = (
        outlook.run.path / "trials" / outlook.leaderboard.ranked[0].folder / "pictures" / "attributions.png"
    )
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    assert latents_seen(outlook) is None, "the default alone would look like the result"


def test_shares_add_up_over_stages() -> None:
    shares = tuple(
        ParameterImportance(path, share, 0.0)
        for path, share in (("sae.k", 0.4), ("classifier.hidden_size", 0.3), ("sae.width", 0.2))
    )
    told = by_stage(Importances("probe/accuracy", "fANOVA", shares, 30))
    assert told.startswith("probe/accuracy by stage: sae 60 %, classifier 30 %.")
