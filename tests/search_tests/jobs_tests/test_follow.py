"""Searches as jobs of a real head that wants a token."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from search.cli.options import parse
from search.errors import ClusterError, SpaceError
from search.execution.cluster_versions import refuse_other_ray
from search.jobs.follow import Follower
from search.jobs.package import code_package, space_package
from search.jobs.server import JobServer
from search.jobs.submit import run_as_job
from tests.own_thread import apart
from tests.search_tests.job_head import ROOT, TOKEN, DroppingProxy, Head, free_ports, job_head

SPACE = """
name: sent
question: Does a job do what the command does?
data: {{name: npz, path: {data}}}
objectives: [{{metric: probe/accuracy, mode: max}}]
budget: {{trials: {trials}, seed: 0}}
scheduler: {{name: asha, rungs: 1, reduction_factor: 3}}
sampler: {{name: random}}
trial:
  classifier: {{epochs: {epochs}, hidden_size: 16}}
  basis: {{kind: raw}}
  sae: {{kind: topk, k: {{int: [2, 8]}}, width: 64, epochs: 1}}
"""


@pytest.fixture(scope="module")
def head() -> Iterator[Head]:
    if " " in sys.executable:
        pytest.skip("Ray starts a head through a shell and does not quote the interpreter's path")
    with job_head() as head:
        yield head


@pytest.fixture
def server(head: Head) -> JobServer:
    return JobServer(head.address, TOKEN)


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_AUTH_TOKEN", TOKEN)
    monkeypatch.delenv("RAY_AUTH_MODE", raising=False)


@pytest.fixture
def space(tmp_path: Path) -> Callable[..., Path]:
    def write(trials: int = 1, epochs: int = 1, *, data: bool = True) -> Path:
        generator = np.random.default_rng(0)
        images = generator.random((200, 8, 8), dtype=np.float32)
        if data:
            np.savez(tmp_path / "data.npz", images=images, labels=np.arange(200) % 10)
        path = tmp_path / "sent.yaml"
        path.write_text(SPACE.format(data=tmp_path / "data.npz", trials=trials, epochs=epochs))
        return path

    return write


@pytest.mark.slow
def test_a_job_ends_like_the_command(
    head: Head, space: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert submit(head.address, str(space()), "--name", "a") == 0
    shown = capsys.readouterr()
    assert ": 1 trained in full" in shown.out
    assert "ray job stop" in shown.err
    info = json.loads((head.home / "sae-search-runs" / "a" / "run.json").read_text())
    assert info["status"] == "done"


def test_a_job_s_exit_code_comes_home(head: Head, space: Callable[..., Path]) -> None:
    """The data are missing there: 7."""
    assert submit(head.address, str(space(data=False)), "--code", "installed") == 7


@pytest.mark.slow
def test_a_detached_job_is_stopped_and_says_how_to_go_on(
    head: Head, server: JobServer, space: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert submit(head.address, str(space(4, 10_000)), "--detach", "--name", "long") == 0
    job = capsys.readouterr().out.strip()
    while "0/4 trials ended" not in server.log(job):
        assert not server.state(job).ended, server.log(job)
        time.sleep(0.5)
    server._ask("POST", f"/api/jobs/{job}/stop")
    assert submit(head.address, "--follow", job) == 143
    assert "go on with" in capsys.readouterr().out
    assert "stopped" in (head.home / "sae-search-runs" / "long" / "run.json").read_text()


def test_the_log_is_whole_over_a_connection_that_drops(head: Head, server: JobServer) -> None:
    words = "for i in 1 2 3 4 5 6 7 8; do echo line $i; sleep 1; done; printf 'the end'; exit 9"
    job = server.submit(words, {})
    proxy = DroppingProxy(head.port)
    out = io.StringIO()
    said: list[str] = []
    over = threading.Event()

    def drop_twice() -> None:
        for line in ("line 2", "line 5"):
            while line not in out.getvalue() and not over.wait(0.1):
                pass
            proxy.refuses = True
            proxy.drop()
            over.wait(1.0)
            proxy.refuses = False

    thread = threading.Thread(target=drop_twice)
    thread.start()
    try:
        assert followed(Follower(JobServer(proxy.address, TOKEN), job, out, said.append)) == 9
    finally:
        over.set()
        thread.join()
        proxy.close()
    assert out.getvalue() == server.log(job)
    assert [line for line in out.getvalue().splitlines() if line.startswith("line")] == [
        f"line {i}" for i in range(1, 9)
    ]
    # The job may have ended before the second connection is back; then there is nothing to go on with.
    found = [s.partition(" (")[0] for s in said]
    assert found in (
        ["connection lost", "connected again"] * 2,
        ["connection lost", "connected again", "connection lost"],
    )


def test_a_head_that_stays_away_is_given_up(server: JobServer) -> None:
    job = server.submit("sleep 5", {})
    [nobody] = free_ports(1)
    away = JobServer(f"http://127.0.0.1:{nobody}", TOKEN)
    with pytest.raises(ClusterError, match="out of reach"):
        followed(Follower(away, job, io.StringIO(), lambda _: None, give_up_after_s=1.0))


MARK = """
def told():
    return "this is what was sent"
"""
ASKS_A_WORKER = """
import ray
from search.mark import told
ray.init("auto", log_to_driver=False)
print(f"driver: {told()}; worker: {ray.get(ray.remote(told).remote())}")
"""


def test_code_is_the_one_that_was_sent_or_the_installed_one(server: JobServer, tmp_path: Path) -> None:
    (tmp_path / "search").mkdir()
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "search" / "__init__.py").touch()
    (tmp_path / "search" / "mark.py").write_text(MARK)
    (tmp_path / "search" / "run.py").write_text(ASKS_A_WORKER)
    (tmp_path / "a.yaml").write_text("a: space")
    sent = code_package(tmp_path, tmp_path / "a.yaml")
    installed = space_package(tmp_path / "a.yaml")
    for package, words, expected in (
        (sent, "python search/run.py", "driver: this is what was sent; worker: this is what was sent"),
        (installed, "python -m search.mark", "No module named"),
    ):
        assert server.upload(package.name, package.content)
        assert not server.upload(package.name, package.content)
        job = server.submit(f"cat {package.space}; {words}", {"working_dir": package.uri})
        out = io.StringIO()
        followed(Follower(server, job, out, lambda _: None))
        assert "a: space" in out.getvalue()
        assert expected in out.getvalue()


@pytest.mark.parametrize(
    ("secret", "said"), [("", "wants a token (401)"), ("wrong", "not the cluster's (403)")]
)
def test_tokens(head: Head, monkeypatch: pytest.MonkeyPatch, secret: str, said: str) -> None:
    monkeypatch.setenv("RAY_AUTH_TOKEN", secret)
    with pytest.raises(ClusterError) as caught:
        submit(head.address, "spaces/sae.yaml")
    assert said in str(caught.value)
    assert "RAY_AUTH_TOKEN" in str(caught.value)


def test_the_token_s_file(tmp_path: Path, head: Head, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text("wrong\n")
    monkeypatch.delenv("RAY_AUTH_TOKEN")
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "token"))
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    with pytest.raises(ClusterError, match="403"):
        submit(head.address, "--follow", "raysubmit_x")
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "nothing"))
    with pytest.raises(ClusterError, match="cannot be read"):
        submit(head.address, "--follow", "raysubmit_x")


def test_no_such_job(head: Head) -> None:
    with pytest.raises(ClusterError, match="knows of no job raysubmit_x"):
        submit(head.address, "--follow", "raysubmit_x")


def test_mistakes_are_told_before_anything_is_sent(head: Head) -> None:
    with pytest.raises(SpaceError, match="unknown key"):
        submit(head.address, "spaces/sae.yaml", "--set", "trial.sae.widht=3")
    with pytest.raises(SpaceError, match="means nothing"):
        submit(head.address, "spaces/sae.yaml", "--storage", "shared/runs")


def test_a_failure_of_the_environment_is_the_cluster_s(server: JobServer) -> None:
    job = server.submit("echo never", {"working_dir": "gcs://_ray_pkg_0000000000000000.zip"})
    with pytest.raises(ClusterError, match="the job failed on the cluster"):
        followed(Follower(server, job, io.StringIO(), lambda _: None))


def test_another_ray_is_refused(server: JobServer) -> None:
    with pytest.raises(ClusterError, match=r"cluster runs Ray 2\.\d+\.\d+, this command Ray 1\.0"):
        refuse_other_ray(server.address, server.version(), "1.0")


METADATA = """
import json, sys
from ray._raylet import GcsClient
client = GcsClient(address=sys.argv[1])
found = json.loads(client.internal_kv_get(b"CLUSTER_METADATA", b"cluster"))
print(json.dumps(found))
found |= json.loads(sys.argv[2])
client.internal_kv_put(b"CLUSTER_METADATA", json.dumps(found).encode(), True, b"cluster")
"""


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"ray_version": "2.59.0"}, "the cluster runs Ray 2.59.0"),
        ({"python_version": "3.9.1"}, "Python 3.9.1"),
    ],
)
def test_a_driver_of_another_version_is_refused(
    head: Head, space: Callable[..., Path], tmp_path: Path, other: dict[str, str], said: str
) -> None:
    """The cluster says in its metadata what it runs; here it is made to say something else."""
    environment = {**os.environ, "RAY_AUTH_MODE": "token", "PYTHONPATH": str(ROOT)}

    def tell(values: dict[str, str]) -> dict[str, str]:
        words = [sys.executable, "-c", METADATA, head.gcs, json.dumps(values)]
        done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
        return dict(json.loads(done.stdout))

    truth = tell(other)
    try:
        words = [sys.executable, "search/run.py", str(space()), "--address", head.gcs, "--out", str(tmp_path)]
        done = subprocess.run(words, env=environment, capture_output=True, text=True, cwd=ROOT, timeout=100)
    finally:
        tell(truth)
    assert done.returncode == 5
    [error] = [line for line in done.stderr.splitlines() if line.startswith("error:")]
    assert said in error
    assert "must be the same" in error


def submit(address: str, *words: str) -> int:
    return apart(lambda: run_as_job(parse(["--address", address, *words])))


def followed(follower: Follower) -> int:
    return apart(follower.follow)
