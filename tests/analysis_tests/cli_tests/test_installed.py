"""The command sae-search from a wheel that was built and installed, in a folder with names like ours."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from analysis.cli.verbs import VERBS, main, names_taken

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the wheel is installed; what it depends on is this environment's."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    built = ["wheel", "--no-deps", "--no-build-isolation", "-w", folder / "dist", ROOT]
    subprocess.run([*pip, *built], check=True, capture_output=True, cwd=folder)
    (wheel,) = (folder / "dist").glob("*.whl")
    into = ["install", "--no-deps", "--no-index", "--ignore-installed", "--prefix", folder / "env", wheel]
    subprocess.run([*pip, *into], check=True, capture_output=True, cwd=folder)
    return folder / "env"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A working folder in which somebody has modules named as ours are."""
    for name in ("search", "analysis"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise RuntimeError('not this one')\n")
    return tmp_path


def sae_search(prefix: Path, cwd: Path, *words: str) -> subprocess.CompletedProcess[str]:
    site = sysconfig.get_path("purelib", "posix_prefix", {"base": str(prefix), "platbase": str(prefix)})
    env = {**os.environ, "PYTHONPATH": site, "SAE_SEARCH_CACHE": str(cwd / "cache"), "NO_COLOR": "1"}
    command = [sys.executable, str(prefix / "bin" / "sae-search"), *words]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.slow
def test_a_shipped_space_is_copied_and_looked_at_from_any_folder(prefix: Path, folder: Path) -> None:
    assert "sae.yaml" in sae_search(prefix, folder, "new").stdout
    copied = sae_search(prefix, folder, "new", "smoke")
    assert copied.returncode == 0, copied.stderr
    first = (folder / "smoke.yaml").read_text().splitlines()[0]
    assert Path(first.partition("$schema=")[2]).is_relative_to(prefix)
    seen = sae_search(prefix, folder, "run", "smoke.yaml", "--dry-run")
    assert seen.returncode == 0, seen.stderr
    assert "smoke" in seen.stdout
    again = sae_search(prefix, folder, "new", "smoke")
    assert again.returncode == 8
    assert "there already" in again.stderr


@pytest.mark.slow
def test_a_search_and_its_report_run_from_the_wheel(prefix: Path, folder: Path) -> None:
    sae_search(prefix, folder, "new", "smoke")
    done = sae_search(prefix, folder, "run", "smoke.yaml", "--name", "s")
    assert done.returncode == 0, done.stderr
    told = sae_search(prefix, folder, "report", "runs/s")
    assert told.returncode == 0, told.stderr
    assert (folder / "runs" / "s" / "report" / "index.html").exists()


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_is_a_script_with_a_main(verb: str) -> None:
    module = ROOT / (VERBS[verb].module.replace(".", "/") + ".py")
    assert "def main(" in module.read_text()


def test_a_verb_that_is_not_there_is_2_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reprot"]) == 2
    assert "did you mean report?" in capsys.readouterr().err


def test_no_verb_shows_them_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    shown = capsys.readouterr().out
    assert all(f"  {verb} " in shown for verb in VERBS)


def test_a_package_of_the_same_names_is_found_out() -> None:
    assert names_taken({"search": ["sae-search"], "analysis": ["sae-search"]}) == ""
    assert "other-search" in names_taken({"search": ["other-search", "sae-search"]})
