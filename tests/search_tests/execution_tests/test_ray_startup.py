"""What happens around Ray's start, without starting it: the look before joining, and the tries."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import ray._raylet as library

from search.errors import ClusterError, Halt
from search.execution import ray_session
from search.execution.ray_session import Session
from search.execution.ray_startup import lives_when_it_connects


def test_the_daemons_are_looked_at_right_before_the_process_joins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else Ray's library would end the process without a word."""
    joined: list[int] = []
    monkeypatch.setattr(library, "CoreWorker", joined.append)
    seen = library.CoreWorker

    def dead() -> None:
        raise Halt(ClusterError("Ray was lost: its raylet died"))

    with lives_when_it_connects(dead), pytest.raises(ConnectionError, match="its raylet died"):
        library.CoreWorker(1)
    assert joined == []
    with lives_when_it_connects(lambda: None):
        library.CoreWorker(2)
    assert joined == [2]
    assert library.CoreWorker is seen


@pytest.mark.parametrize("failures", [1, 3])
def test_a_start_that_fails_is_tried_again_and_then_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, failures: int
) -> None:
    tries: list[int] = []

    def start(session: Session, n_cpus: int | None) -> None:  # noqa: ARG001
        tries.append(1)
        if len(tries) <= failures:
            raise Exception("The current node timed out during startup.\nmore")

    monkeypatch.setattr(ray_session, "_start_here", start)
    monkeypatch.setattr(ray_session, "_end_here", lambda scratch: None)  # noqa: ARG005
    with caplog.at_level(logging.WARNING):
        if failures < ray_session.TRIES_HERE:
            ray_session._start("local", Session(tmp_path), None)
        else:
            with pytest.raises(ClusterError, match="tried 3 times: The current node timed out") as error:
                ray_session._start("local", Session(tmp_path), None)
            assert error.value.exit_code == 5
    assert len(tries) == min(failures + 1, ray_session.TRIES_HERE)
    assert caplog.text.count("trying again") == min(failures, ray_session.TRIES_HERE - 1)
