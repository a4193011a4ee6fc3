"""Runs that every test of analysis/ may read. Write only into copies: `runs.copied`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.analysis_tests import browser as harness
from tests.analysis_tests import runs


def _shared(build: Callable[[Path], Path]) -> Callable[[pytest.TempPathFactory], Path]:
    @pytest.fixture(scope="session", name=build.__name__)
    def fixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
        return build(tmp_path_factory.mktemp("runs") / build.__name__.replace("_", "-"))

    return fixture


real_run = _shared(runs.real_run)
unfinished_run = _shared(runs.unfinished_run)
only_pruned_run = _shared(runs.only_pruned_run)
none_completed_run = _shared(runs.none_completed_run)
infeasible_run = _shared(runs.infeasible_run)
empty_run = _shared(runs.empty_run)
nan_run = _shared(runs.nan_run)
long_run = _shared(runs.long_run)
hostile_run = _shared(runs.hostile_run)

open_page = harness.open_page
