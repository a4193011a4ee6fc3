"""A search on real Ray nodes that join, die, and lose their head."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from tests.search_tests.end_to_end_tests.test_run import command, history_of, n_finished
from tests.search_tests.nodes import Nodes, nodes

TRIALS = 16
SPACE = """
name: spread
question: Does a search survive its machines?
data: {{name: npz, path: {data}}}
objectives: [{{metric: probe/accuracy, mode: max}}]
budget: {{trials: {trials}, seed: 0, max_failures: 0, trial_timeout_s: 300}}
scheduler: {{name: asha, rungs: 2, reduction_factor: 2}}
sampler: {{name: random}}
trial:
  classifier: {{epochs: 240, hidden_size: {{int: [16, 64]}}}}
  basis: {{kind: raw}}
  sae: {{kind: topk, k: 4, width: 64, epochs: 240}}
"""


class Search:
    """A running `search/run.py`."""

    def __init__(self, process: subprocess.Popen[str], run: Path, trials: int) -> None:
        self._process = process
        self.run, self.trials = run, trials

    def wait_for(self, what: Callable[[], bool], timeout_s: float = 200) -> None:
        deadline = time.monotonic() + timeout_s
        while not what():
            assert self._process.poll() is None, self._process.communicate()
            assert time.monotonic() < deadline, "it did not come to pass"
            time.sleep(0.1)

    def ended(self, timeout_s: float) -> tuple[int, str]:
        """Exit code and stderr."""
        _, errors = self._process.communicate(timeout=timeout_s)
        return self._process.returncode, errors

    @property
    def finished(self) -> int:
        return n_finished(self.run)

    def nodes_of(self, number: int) -> list[str]:
        """Nodes that a trial was opened on, in order."""
        log = self.run.parents[1] / "shared" / self.run.name / "trials" / f"{number:04d}" / "log.txt"
        return re.findall(r"node (\w+) ", log.read_text()) if log.exists() else []

    @property
    def used(self) -> set[str]:
        return {node for number in range(self.trials) for node in self.nodes_of(number)}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Nodes]:
    """Three nodes of one CPU; the driver is at the first, which the tests leave to the last."""
    if " " in sys.executable:
        pytest.skip("Ray starts nodes through a shell and does not quote the interpreter's path")
    with nodes(1, 1, 1) as cluster:
        yield cluster


@pytest.fixture
def space(tmp_path: Path) -> Path:
    """A space over images that only the driver ever sees."""
    generator = np.random.default_rng(0)
    labels = np.arange(600) % 3
    images = generator.random((600, 8, 8), dtype=np.float32) * 0.3
    for label in range(3):
        images[labels == label, 2 * label : 2 * label + 2] += 0.5
    np.savez(tmp_path / "images.npz", images=images, labels=labels)
    path = tmp_path / "spread.yaml"
    path.write_text(SPACE.format(data=tmp_path / "images.npz", trials=TRIALS))
    return path


@contextmanager
def searching(cluster: Nodes, space: Path, trials: int = TRIALS) -> Iterator[Search]:
    """A search on the cluster, whose images are gone once the driver has read them."""
    folder = space.parent
    environment = {**cluster.environment, "SAE_SEARCH_CACHE": str(folder / "cache"), "OMP_NUM_THREADS": "1"}
    options = ("--address", cluster.address, "--storage", folder / "shared", "--trials", str(trials))
    process = subprocess.Popen(
        command(space, "--out", folder / "runs", "--name", "spread", *options),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=folder,
    )
    search = Search(process, folder / "runs" / "spread", trials)
    images = folder / "images.npz"
    try:
        search.wait_for(lambda: (search.run / "trials.jsonl").exists())
        images.rename(folder / "away.npz")
        yield search
    finally:
        (folder / "away.npz").rename(images)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.communicate()


@pytest.mark.slow
def test_nodes_join_and_die_and_no_trial_is_lost(cluster: Nodes, space: Path) -> None:
    # Enough for the search to go on until a node has joined.
    trials = 5 * TRIALS
    with searching(cluster, space, trials) as search:
        search.wait_for(lambda: len(search.used) == 3)
        at_first = search.used
        cluster.add(1)
        cluster.kill(2)
        search.wait_for(lambda: len(search.used) > 3)
        code, errors = search.ended(timeout_s=400)
    assert code == 0, errors
    assert len(search.used - at_first) == 1  # the node that joined
    history = history_of(search.run)
    assert history.finished == len(history.trials) == trials
    assert not history.in_state("FAIL")


@pytest.mark.slow
def test_a_lost_head_ends_the_search_and_a_local_ray_finishes_it(cluster: Nodes, space: Path) -> None:
    with searching(cluster, space) as search:
        search.wait_for(lambda: search.finished >= 2)
        cluster.kill(0)
        code, errors = search.ended(timeout_s=60)
    assert code == 5, errors
    assert "was lost" in errors
    assert "--resume" in errors
    before = history_of(search.run)
    assert before.finished < TRIALS
    done = subprocess.run(
        command("--resume", search.run, "--json"),
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "SAE_SEARCH_CACHE": str(space.parent / "cache")},
        cwd=space.parent,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["run_dir"].endswith("spread")
    after = history_of(search.run)
    assert after.finished == len(after.trials) == TRIALS
    for number, record in before.trials.items():
        assert after.trials[number].params == record.params
