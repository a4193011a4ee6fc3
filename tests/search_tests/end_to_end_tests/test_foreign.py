"""The recipes of docs/extending.md as somebody's own code: searched on two workers, reported, exported."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.search_tests.end_to_end_tests.test_run import ROOT, command, environment, history_of

SPACE = """\
name: foreign
question: Can a stranger search what is not in this repository?
data: {{name: "{data}", bar_images: 300}}
metrics: ["{metric}"]
objectives: [{{metric: probe/accuracy, mode: max}}, {{metric: mine/evenness, mode: max}}]
budget: {{trials: 4}}
sampler: {{name: "{sampler}"}}
scheduler: {{name: "{scheduler}", rungs: 2}}
report: {{sections: ["{section}"]}}
trial:
  classifier: {{epochs: 2, hidden_size: 16}}
  basis: {{kind: "{basis}"}}
  sae:
    kind: {{choice: [topk, "{sae}"]}}
    width: 32
    epochs: 3
    groups: {{choice: [4, 8]}}
  auxiliary: {{losses: "{loss}", quiet: {{log_uniform: [0.01, 1], or: 0}}}}
"""
PATHS = {
    "data": "my_data:BarsConfig",
    "metrics": "my_metric:EVENNESS",
    "samplers": "my_search:sobol",
    "schedulers": "my_search:Lenient",
    "report_sections": "my_report:count",
    "bases": "my_basis:ScaledConfig",
    "saes": "my_sae:GroupSaeConfig",
    "losses": "my_loss:QuietConfig",
}
NAMES = {**{group: f"mine.{group}" for group in PATHS}, "metrics": "mine/evenness"}
KEYS = ("data", "metric", "sampler", "scheduler", "section", "basis", "sae", "loss")
LOOK = """
import sys
from analysis import export, gallery, report
run, topk, groups = sys.argv[1:]
for main, arguments, code in (
    (report.main, [run], 0),
    (gallery.main, [run, "--trial", groups], 0),
    (export.main, [run, "--trial", topk, "--format", "safetensors"], 0),
    (export.main, [run, "--trial", groups, "--format", "onnx"], 2),
):
    assert main(arguments) == code, (main, arguments)
"""


def write_recipes(folder: Path) -> None:
    """Every module of the recipes."""
    folder.mkdir(parents=True, exist_ok=True)
    doc = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
    for text in re.findall(r"```python\n(# my_\w+\.py\n.*?)```", doc, flags=re.DOTALL):
        (folder / text.split("\n", 1)[0].removeprefix("# ")).write_text(text, encoding="utf-8")


def space(named: dict[str, str]) -> str:
    return SPACE.format(**dict(zip(KEYS, named.values(), strict=True)))


def ran(arguments: list[str], cwd: Path, **extra: str) -> subprocess.CompletedProcess[str]:
    env = {**environment(cwd / "cache"), **extra}
    return subprocess.run(
        arguments, cwd=cwd, env=env, capture_output=True, text=True, timeout=500, check=False
    )


def searched_and_looked_at(cwd: Path, text: str, **extra: str) -> str:
    """What the last command says on stderr; everything else is asserted."""
    (cwd / "spaces").mkdir()
    (cwd / "spaces" / "foreign.yaml").write_text(text, encoding="utf-8")
    done = ran(command("spaces/foreign.yaml", "--name", "whole"), cwd, **extra)
    assert done.returncode == 0, done.stderr
    run = cwd / "runs" / "whole"
    trials = history_of(run).trials
    assert {trial.state for trial in trials.values()} == {"COMPLETE"}, "nobody is stopped before the tenth"
    assert all(
        {"probe/accuracy", "mine/evenness", "mine/evenness_skill"} <= set(t.metrics) for t in trials.values()
    )
    kinds = {str(trial.params["sae.kind"]): number for number, trial in trials.items()}
    (groups,) = set(kinds) - {"topk"}
    look = ran([sys.executable, "-c", LOOK, str(run), str(kinds["topk"]), str(kinds[groups])], cwd, **extra)
    assert look.returncode == 0, look.stderr
    assert "4 trials." in (run / "report" / "report.md").read_text(encoding="utf-8")
    assert list((run / "export").glob("*/metadata.json"))
    return look.stderr


def test_by_import_path_from_the_working_folder(tmp_path: Path) -> None:
    write_recipes(tmp_path)
    said = searched_and_looked_at(tmp_path, space(PATHS), PYTHONPATH=str(ROOT))
    (line,) = [line for line in said.splitlines() if line.startswith("error: ")]
    assert "GroupSae" in line
    assert "export_rule" in line


@pytest.mark.slow
def test_by_name_from_an_installed_package(tmp_path: Path) -> None:
    installed = tmp_path / "installed"
    write_recipes(installed)
    info = installed / "mine-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n", encoding="utf-8")
    points = "".join(f"[sae_search.{group}]\n{NAMES[group]} = {path}\n" for group, path in PATHS.items())
    (info / "entry_points.txt").write_text(points, encoding="utf-8")
    work = tmp_path / "work"
    work.mkdir()
    searched_and_looked_at(work, space(NAMES), PYTHONPATH=os.pathsep.join([str(ROOT), str(installed)]))
