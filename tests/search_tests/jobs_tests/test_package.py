"""What travels with a job, and what stays."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from search.errors import SpaceError
from search.jobs.package import Package, code_package, space_package


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A checkout with everything around its code that must not travel."""
    root = tmp_path / "project"
    stays = [".git/config", ".venv/lib.py", "data/MNIST/raw/images", "runs/a/trials.jsonl", "search/.secret"]
    stays += [
        "elsewhere/run1/trials.jsonl",
        "elsewhere/run1/trials/0000/params.json",
        "trainables/x.egg-info/a",
    ]
    stays += ["search/__pycache__/run.pyc", "tests/test_a.py", "docs/a.md", ".env"]
    goes = ["pyproject.toml", "search/run.py", "trainables/data/mnist.py", "spaces/a.yaml", "mine/idea.py"]
    for name in stays + goes:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    (tmp_path / "much").mkdir()
    (tmp_path / "much" / "images").write_text("images")
    (root / "linked").symlink_to(tmp_path / "much")
    return root


def test_code_travels_and_data_runs_and_secrets_do_not(project: Path) -> None:
    package = code_package(project, project / "spaces" / "a.yaml")
    assert names(package) == {
        "pyproject.toml",
        "search/run.py",
        "trainables/data/mnist.py",
        "spaces/a.yaml",
        "mine/idea.py",
    }
    assert package.space == "spaces/a.yaml"


def test_a_space_file_from_elsewhere_travels(project: Path, tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text("b")
    package = code_package(project, tmp_path / "b.yaml")
    assert package.space == "submitted/b.yaml"
    assert "submitted/b.yaml" in names(package)


def test_where_the_code_is_installed_only_the_space_file_travels(project: Path) -> None:
    assert names(space_package(project / "spaces" / "a.yaml")) == {"submitted/a.yaml"}


def test_same_files_are_the_same_package(project: Path) -> None:
    first = code_package(project, None)
    (project / "search" / "run.py").touch()
    assert code_package(project, None) == first
    (project / "search" / "run.py").write_text("other")
    assert code_package(project, None).name != first.name


def test_too_much_is_refused_by_name_before_it_is_read(project: Path) -> None:
    with (project / "mine" / "weights.bin").open("wb") as file:
        file.truncate(3 * 2**30)  # sparse: takes no room
    with pytest.raises(SpaceError, match=r"(?s)3072\.0 MiB, more than 20.*3072\.0 MiB  mine/weights\.bin"):
        code_package(project, None)


def test_no_checkout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpaceError, match="--code installed"):
        code_package(tmp_path, None)


def test_this_project_is_small_enough() -> None:
    package = code_package(Path(__file__).parents[3], None)
    assert {"search/run.py", "search/space.schema.json", "trainables/pipeline/pipeline.py"} <= names(package)
    assert len(package.content) < 5 * 2**20


def names(package: Package) -> set[str]:
    with zipfile.ZipFile(io.BytesIO(package.content)) as archive:
        return set(archive.namelist())
