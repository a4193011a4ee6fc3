"""A real local Ray: closed to the network, gone afterwards; and clusters that are not there."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from search.errors import ClusterError
from search.execution.ray_session import ray_session

SESSION = '''
import contextlib, json, os, subprocess, sys
import psutil
from search.execution.ray_session import ray_session

def sockets():
    me = psutil.Process()
    found = []
    for process in [me, *me.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):  # a helper of Ray's start that ends just now
            for c in process.net_connections(kind="inet"):
                if c.status == psutil.CONN_LISTEN:
                    found.append([process.pid, process.name(), c.laddr.ip, c.laddr.port])
    return found

INTRUDER = """
import os, sys
from ray._raylet import GcsClient
if os.geteuid() == 0:
    os.setuid(65534)  # nobody
try:
    print("inside", len(GcsClient(address=sys.argv[1]).internal_kv_keys(b"", None)))
except Exception as error:
    print(type(error).__name__)
"""

def intrudes(**shows):
    """What somebody else finds who asks the control store, in a process of his own."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_AUTH")}
    command = [sys.executable, "-c", INTRUDER, ray.get_runtime_context().gcs_address]
    done = subprocess.run(command, env=environment | shows, capture_output=True, text=True)
    return done.stdout.strip()

with ray_session("local", n_cpus=1) as session:
    scratch = session.scratch
    import ray
    @ray.remote
    def work():
        return 1
    ray.get(work.remote())
    children = [p.pid for p in psutil.Process().children(recursive=True)]
    print(json.dumps({"sockets": sockets(), "children": children, "scratch": str(scratch)}))
    token = (scratch / "token").read_text()
    attempts = {
        "nothing": intrudes(RAY_AUTH_MODE="disabled"),
        "another token": intrudes(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN="0" * len(token)),
        "the token": intrudes(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=token),
    }
    modes = [oct(path.stat().st_mode & 0o777) for path in (scratch, scratch / "token")]
print(json.dumps({"scratch_left": os.path.exists(scratch), "attempts": attempts, "modes": modes,
    "auth_left": [name for name in os.environ if name.startswith("RAY_AUTH")]}))
'''


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What a separate process saw of its own Ray; its environment lies under a path with a space."""
    environment = tmp_path_factory.mktemp("a space") / "it's"
    environment.symlink_to(Path(sys.executable).parents[1])
    python = environment / "bin" / Path(sys.executable).name
    done = subprocess.run([python, "-c", SESSION], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    during, after = done.stdout.splitlines()
    return {**json.loads(during), **json.loads(after), "stderr": done.stderr}


def test_nothing_listens_beyond_loopback(session: dict[str, object]) -> None:
    sockets = session["sockets"]
    assert isinstance(sockets, list)
    # The head's daemons and the worker: without any of them the test would prove nothing.
    assert {name for _, name, _, _ in sockets} >= {"gcs_server", "raylet"}
    outside = [s for s in sockets if not _is_loopback(s[2])]
    assert outside == []


def test_who_does_not_show_the_token_gets_nothing(session: dict[str, object]) -> None:
    """As another user where the test may become one; the one who shows it proves that the others could."""
    attempts = session["attempts"]
    assert isinstance(attempts, dict)
    assert attempts["nothing"] == attempts["another token"] == "AuthenticationError"
    assert attempts["the token"].startswith("inside ")
    assert session["modes"] == ["0o700", "0o600"]
    assert session["auth_left"] == []


def test_no_process_and_no_scratch_folder_stay_behind(session: dict[str, object]) -> None:
    children = session["children"]
    assert isinstance(children, list)
    assert len(children) >= 3
    left: list[psutil.Process] = []
    for pid in children:
        with contextlib.suppress(psutil.NoSuchProcess):
            left.append(psutil.Process(pid))
    _, alive = psutil.wait_procs(left, timeout=15)
    assert alive == []
    assert session["scratch_left"] is False


def test_ray_says_nothing(session: dict[str, object]) -> None:
    assert session["stderr"] == ""


def _is_loopback(address: str) -> bool:
    parsed = ipaddress.ip_address(address)
    mapped = getattr(parsed, "ipv4_mapped", None)
    return (mapped or parsed).is_loopback


@pytest.mark.parametrize(
    ("address", "why"),
    [("127.0.0.1:1", "nobody answers"), ("nonsense", "HOST:PORT"), ("127.0.0.1:port", "HOST:PORT")],
)
def test_an_unreachable_cluster_is_one_clear_error(address: str, why: str) -> None:
    with pytest.raises(ClusterError, match=why) as error, ray_session(address):
        raise AssertionError("no cluster, no session")
    assert error.value.exit_code == 5
