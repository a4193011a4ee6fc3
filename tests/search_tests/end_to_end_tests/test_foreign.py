"""The recipes of docs/extending.md as somebody's own code: searched on two workers, reported and shown."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.search_tests.end_to_end_tests.test_run import ROOT, history_of, run

SPACE = """\
name: foreign
question: Can a stranger search what is not in this repository?
data: {name: "my_data:BarsConfig", bar_images: 300}
objectives: [{metric: probe/accuracy, mode: max}]
budget: {trials: 4}
scheduler: {rungs: 2}
report: {sections: "my_report:count"}
trial:
  classifier: {epochs: 2, hidden_size: 16}
  basis: {kind: "my_basis:ScaledConfig"}
  sae: {kind: "my_sae:GroupSaeConfig", width: 32, epochs: 3, groups: {choice: [4, 8]}}
  auxiliary: {losses: "my_loss:QuietConfig", quiet: {log_uniform: [0.01, 1], or: 0}}
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("foreign")
    doc = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
    for text in re.findall(r"```python\n(# my_\w+\.py\n.*?)```", doc, flags=re.DOTALL):
        name = text.split("\n", 1)[0].removeprefix("# ")
        (root / "mine").mkdir(exist_ok=True)
        (root / "mine" / name).write_text(text, encoding="utf-8")
    (root / "mine" / "space.yaml").write_text(SPACE, encoding="utf-8")
    done = run(root / "mine" / "space.yaml", "--name", "whole", cache=root / "cache")
    assert done.returncode == 0, done.stderr
    return root / "runs" / "whole"


def analysed(script: str, run_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "analysis" / script), str(run_path), *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=run_path.parents[1], timeout=600)


def test_all_trials_end_in_full_or_early(finished: Path) -> None:
    trials = history_of(finished).trials
    assert len(trials) == 4
    assert {t.state for t in trials.values()} <= {"COMPLETE", "PRUNED"}
    assert all("probe/accuracy" in t.metrics for t in trials.values())


def test_report_shows_the_section_and_the_gallery_the_latents(finished: Path) -> None:
    done = analysed("report.py", finished)
    assert done.returncode == 0, done.stderr
    assert "4 trials." in (finished / "report" / "report.md").read_text(encoding="utf-8")
    done = analysed("gallery.py", finished, "--trial", "0")
    assert done.returncode == 0, done.stderr


def test_what_has_no_rule_to_be_exported_by_is_told(finished: Path) -> None:
    done = analysed("export.py", finished, "--trial", "0", "--format", "safetensors")
    assert done.returncode == 2
    assert "GroupSae" in done.stderr
    assert "export_rule" in done.stderr
