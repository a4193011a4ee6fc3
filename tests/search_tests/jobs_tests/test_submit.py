"""What a job's command says and does before there is a job."""

from __future__ import annotations

import socket

import pytest

from search.cli.options import New, parse
from search.errors import ClusterError
from search.jobs.package import code_package
from search.jobs.server import JobServer, Unreachable
from search.jobs.submit import entrypoint, run_as_job
from tests.own_thread import apart
from tests.search_tests.job_head import ROOT, free_ports


def test_nobody_there() -> None:
    [nobody] = free_ports(1)
    with pytest.raises(ClusterError, match="nobody answers there"):
        apart(lambda: run_as_job(parse(["spaces/sae.yaml", "--address", f"http://127.0.0.1:{nobody}"])))


def test_somebody_who_does_not_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = JobServer(f"http://127.0.0.1:{silent.getsockname()[1]}", None)
        with pytest.raises(Unreachable, match="timed out"):
            server.version()


def test_entrypoint() -> None:
    words = ["spaces/sae.yaml", "--address", "http://h:8265", "--trials", "5", "--set"]
    options = parse([*words, "trial.sae.k={int: [2, 6]}", "--storage", "s3://b/r", "--json"])
    assert isinstance(options.mode, New)
    package = code_package(ROOT, options.mode.space)
    assert entrypoint(options, package) == (
        "exec python search/run.py spaces/sae.yaml --set 'trial.sae.k={int: [2, 6]}' --trials 5 "
        '--storage s3://b/r --json --address auto --out "$HOME"/sae-search-runs'
    )


@pytest.mark.parametrize(
    "words", ["spaces/sae.yaml --detach", "spaces/sae.yaml --address http://h:1 --follow x", "--follow x"]
)
def test_job_options_want_a_job(words: str) -> None:
    with pytest.raises(SystemExit):
        parse(words.split())
