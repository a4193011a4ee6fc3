"""The lock: what make may install has hashes, at the versions that constraints.txt names, and no host."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOCKS = ("requirements.txt", "requirements-dev.txt")
BUILDS = {"setuptools"}
"""Not what pip freeze shows."""


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(name: str) -> dict[str, tuple[str, int]]:
    """Package -> its version, and how many hashes it has."""
    text = (ROOT / name).read_text(encoding="utf-8")
    found = {}
    for entry in re.split(r"\n(?=\S)", text):
        head = re.match(r"([\w.-]+)==(\S+)", entry)
        if head is not None:
            found[canonical(head[1])] = (head[2], len(re.findall(r"--hash=sha256:[0-9a-f]{64}", entry)))
        else:
            assert entry.startswith("#"), entry
    return found


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_has_its_hashes_and_no_host(name: str) -> None:
    found = locked(name)
    assert {package for package, (_, hashes) in found.items() if hashes == 0} == set()
    assert "uv" in found  # which installs all others
    assert not re.search(r"://|index|find-links", (ROOT / name).read_text(encoding="utf-8"))


def test_versions_are_the_same_everywhere() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {
        canonical(package): version
        for package, _, version in (line.partition("==") for line in lines if not line.startswith("#"))
    }
    run, dev = ({package: version for package, (version, _) in locked(name).items()} for name in LOCKS)
    assert run.items() <= dev.items()
    assert {package: version for package, version in dev.items() if package not in BUILDS} == {
        package: version for package, version in pinned.items() if package in dev
    }
    assert set(pinned) <= set(dev) | {"tzdata"}  # tzdata: of Windows alone


def test_what_the_project_needs_is_locked() -> None:
    needs = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    names = [re.match(r"[\w.-]+", need) for need in needs]
    assert {canonical(name[0]) for name in names if name} <= set(locked("requirements.txt"))
