"""The recipes of docs/extending.md as somebody's own code: searched on two workers, reported, exported."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.search_tests.end_to_end_tests.test_run import ROOT, command, environment, history_of
from tests.search_tests.nodes import nodes

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


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recipes as a package of their own, built and installed by pip into a folder of packages."""
    source, target = tmp_path_factory.mktemp("mine"), tmp_path_factory.mktemp("site")
    write_recipes(source)
    modules = [file.stem for file in source.glob("my_*.py")]
    points = "".join(
        f'[project.entry-points."sae_search.{group}"]\n"{NAMES[group]}" = "{path}"\n'
        for group, path in PATHS.items()
    )
    (source / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
        f'[project]\nname = "mine"\nversion = "1.0"\n{points}[tool.setuptools]\npy-modules = {modules}\n',
        encoding="utf-8",
    )
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-index"]
    done = ran([*pip, "--no-deps", "--no-build-isolation", "--target", str(target), str(source)], source)
    assert done.returncode == 0, done.stderr
    assert list(target.glob("mine-1.0.dist-info/entry_points.txt"))
    return target


def with_packages(*folders: Path) -> str:
    return os.pathsep.join(map(str, folders))


READ = """
import sys
from search.space.loader import load_study
from trainables.metrics.catalog import METRICS
study = load_study(sys.argv[1]).study
trial = study.trial_config({"sae.kind": "mine.saes", "sae.groups": 4, "auxiliary.quiet?": False})
print(type(trial.sae).__module__, type(trial.basis).__module__, *study.metrics, "mine/evenness" in METRICS)
"""


def test_what_pip_installed_is_found_by_its_names(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "space.yaml").write_text(space(NAMES), encoding="utf-8")
    path = with_packages(ROOT, installed)
    done = ran([sys.executable, "-c", READ, "space.yaml"], tmp_path, PYTHONPATH=path)
    assert done.stdout == "my_sae my_basis mine/evenness True\n", done.stderr


@pytest.mark.slow
def test_by_name_from_an_installed_package(installed: Path, tmp_path: Path) -> None:
    searched_and_looked_at(tmp_path, space(NAMES), PYTHONPATH=with_packages(ROOT, installed))


@pytest.mark.slow
@pytest.mark.skipif(" " in sys.executable, reason="Ray does not quote the interpreter's path")
def test_a_package_that_a_machine_lacks_ends_the_search_with_a_sentence(
    installed: Path, tmp_path: Path
) -> None:
    text = re.sub(r"data: .*\nmetrics: .*\n", "", space(NAMES)).replace(
        "mine/evenness, mode: max", "sae/l0, mode: min"
    )
    (tmp_path / "space.yaml").write_text(text, encoding="utf-8")
    with nodes(2) as cluster:
        options = ("--address", cluster.address, "--name", "lacking")
        environment = {**cluster.environment, "PYTHONPATH": with_packages(ROOT, installed)}
        done = ran(command("space.yaml", *options), tmp_path, **environment)
    assert done.returncode == 5, done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert re.search(
        r"trial \d: machine .* there is no auxiliary loss 'mine.losses', .*The driver has it: ", line
    )
    history = history_of(tmp_path / "runs" / "lacking")
    assert not history.in_state("FAIL"), "it is no trial's fault"
