"""What tests of several packages share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.analysis_tests import browser as harness
from tests.storage_places import CREDENTIALS, s3_server
from trainables.storage.object_store import below

# Time proves nothing on a busy machine; examples are the same on every one.
settings.register_profile(
    "suite", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("suite")

# One Chromium a worker: Playwright cannot be started twice in one process.
browser = harness.browser


@pytest.fixture(scope="session")
def bucket() -> Iterator[str]:
    """URI of a bucket on this machine, with the environment that it needs."""
    with pytest.MonkeyPatch.context() as patch, s3_server() as uri:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        yield uri


@pytest.fixture(params=["folder", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty place of each kind."""
    if request.param == "folder":
        return str(tmp_path / "shared")
    return below(str(request.getfixturevalue("bucket")), tmp_path.name)
