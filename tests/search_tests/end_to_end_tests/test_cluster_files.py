"""The cluster files say what the installed Ray understands, and the versions of the lock."""

from __future__ import annotations

import copy
import json
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import ray
import yaml
from ray.autoscaler._private.util import prepare_config, validate_config

from search.cli.options import New, parse

ROOT = Path(__file__).parents[3]
LAUNCHED = ["cluster.yaml", "deploy/cluster-local.yaml"]


def load(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / name).read_text()))


@pytest.mark.parametrize("name", LAUNCHED)
def test_ray_up_would_take_it(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    schema = json.loads((Path(ray.__file__).parent / "autoscaler" / "ray-schema.json").read_text())
    config = load(name)
    jsonschema.validate(config, schema)
    validate_config(prepare_config(copy.deepcopy(config)))


def test_what_is_checked_can_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    config = load("cluster.yaml")
    config["head_node_type"] = "nobody"
    with pytest.raises(ValueError, match="head_node_type"):
        validate_config(prepare_config(config))


def test_head_takes_no_trial_and_workers_are_spot_with_a_bound() -> None:
    config = load("cluster.yaml")
    types = config["available_node_types"]
    assert types["head"]["resources"] == {"CPU": 0}
    assert "InstanceMarketOptions" not in types["head"]["node_config"]
    assert types["head"]["node_config"]["BlockDeviceMappings"][0]["Ebs"]["VolumeSize"] <= 60
    for name in ("cpu_worker", "gpu_worker"):
        assert types[name]["node_config"]["InstanceMarketOptions"] == {"MarketType": "spot"}
        assert types[name]["min_workers"] == 0 < types[name]["max_workers"] <= config["max_workers"]
    assert types["gpu_worker"]["resources"]["GPU"] == 1
    assert types["gpu_worker"]["node_config"]["InstanceType"] != "c6i.2xlarge"


@pytest.mark.parametrize("name", LAUNCHED)
def test_nodes_want_the_token_and_show_no_dashboard(name: str) -> None:
    config = load(name)
    assert any(path.endswith(".ray/auth_token") for path in config["file_mounts"])
    for kind in ("head", "worker"):
        start = config[f"{kind}_start_ray_commands"][-1]
        assert "RAY_AUTH_MODE=token" in start
    assert "--dashboard-host=127.0.0.1" in config["head_start_ray_commands"][-1]
    assert {".git", ".venv", "runs", "data"} <= set(config["rsync_exclude"])
    assert any("-c constraints.txt" in command for command in config["setup_commands"])


@pytest.mark.parametrize("name", [*LAUNCHED, "deploy/rayjob.yaml", "deploy/Dockerfile"])
def test_versions_are_those_of_the_lock(name: str) -> None:
    pinned = re.search(r"(?m)^ray==(.+)$", (ROOT / "constraints.txt").read_text())
    assert pinned is not None
    assert pinned[1] == version("ray")
    text = (ROOT / name).read_text()
    written = re.findall(r"rayproject/ray:([\d.]+)-py(\d)(\d+)", text)
    assert {ray for ray, *_ in written} <= {pinned[1]}
    assert set(re.findall(r'rayVersion: "(.+)"', text)) <= {pinned[1]}
    needs = re.search(r'requires-python = ">=3\.(\d+)"', (ROOT / "pyproject.toml").read_text())
    assert needs is not None
    assert all(major == "3" and int(minor) >= int(needs[1]) for _, major, minor in written)


@pytest.fixture(scope="module")
def job() -> dict[str, Any]:
    return load("deploy/rayjob.yaml")


def test_rayjob_has_what_kuberay_wants(job: dict[str, Any]) -> None:
    assert (job["apiVersion"], job["kind"]) == ("ray.io/v1", "RayJob")
    spec = job["spec"]
    known = {"entrypoint", "submissionMode", "shutdownAfterJobFinishes", "ttlSecondsAfterFinished"}
    assert set(spec) == known | {"backoffLimit", "rayClusterSpec"}
    cluster = spec["rayClusterSpec"]
    assert cluster["authOptions"] == {"mode": "token"}
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    for group in groups:
        # Kubernetes takes strings for them, and only strings.
        assert all(isinstance(value, str) for value in group["rayStartParams"].values())
        pod = group["template"]["spec"]
        mounted = {mount["name"] for container in pod["containers"] for mount in container["volumeMounts"]}
        assert mounted == {volume["name"] for volume in pod["volumes"]}
        for container in pod["containers"]:
            assert container["resources"]["requests"] == container["resources"]["limits"]
    for group in cluster["workerGroupSpecs"]:
        assert group["minReplicas"] <= group["replicas"] <= group["maxReplicas"]
    assert cluster["headGroupSpec"]["rayStartParams"]["num-cpus"] == "0"
    images = {pod["image"] for group in groups for pod in group["template"]["spec"]["containers"]}
    assert len(images) == 1


def test_rayjob_s_command_is_one_of_ours(job: dict[str, Any]) -> None:
    python, script, *words = job["spec"]["entrypoint"].split()
    assert python == "python"
    assert (ROOT / script).is_file()
    options = parse(words)
    assert isinstance(options.mode, New)
    assert (ROOT / options.mode.space).is_file()
    assert options.address == "auto"
    assert options.storage == "/shared/runs"
