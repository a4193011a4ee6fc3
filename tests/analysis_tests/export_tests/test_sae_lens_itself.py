"""The real SAELens, in an environment of its own, reads every exported folder (`make test-peers`)."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from analysis.export_formats.sae_lens_folder import VERSION, write_sae_lens
from tests.analysis_tests.export_tests.subjects import EVERY_SAE_ON_EVERY_BASIS, hidden_and_codes, subject

PYTHON = Path(__file__).parents[3] / ".venv-peers" / "bin" / "python"
pytestmark = [
    pytest.mark.peers,
    pytest.mark.skipif(not PYTHON.exists(), reason="no .venv-peers: `make peers` installs SAELens into one"),
]
# Runs in the other environment, where nothing of ours is installed.
SCRIPT = """
import json, sys
from pathlib import Path
import numpy, sae_lens, torch
told = {"version": sae_lens.__version__}
for folder in map(Path, sys.argv[1:]):
    sae = sae_lens.SAE.load_from_disk(folder / "export")
    with torch.no_grad():
        codes = sae.encode(torch.from_numpy(numpy.load(folder / "hidden.npy")))
        numpy.save(folder / "codes.npy", codes.numpy())
        numpy.save(folder / "reconstruction.npy", sae.decode(codes).numpy())
    told[folder.name] = [sae.cfg.architecture(), sae.cfg.metadata.sae_search["trial"]]
Path(sys.argv[1]).parent.joinpath("told.json").write_text(json.dumps(told))
"""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every kind on every basis, exported, with its hidden activations; and what SAELens made of them."""
    root = tmp_path_factory.mktemp("peers")
    folders = []
    for sae, basis in EVERY_SAE_ON_EVERY_BASIS:
        found = subject(sae, basis)
        folder = root / f"{sae}-{basis}"
        (folder / "export").mkdir(parents=True)
        write_sae_lens(folder / "export", found)
        h, z = hidden_and_codes(found)
        np.save(folder / "hidden.npy", h.numpy())
        np.save(folder / "own_codes.npy", z.numpy())
        np.save(folder / "own_reconstruction.npy", found.model.features.decode(z).numpy())
        folders.append(str(folder))
    offline = {
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "WANDB_MODE": "disabled",
        "HOME": str(root),
    }
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [str(PYTHON), "-c", SCRIPT, *folders], cwd=root, env=clean | offline, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return root


@pytest.mark.parametrize(("sae", "basis"), EVERY_SAE_ON_EVERY_BASIS)
def test_sae_lens_gives_the_same_codes(sae: str, basis: str, loaded: Path) -> None:
    folder = loaded / f"{sae}-{basis}"
    for name in ("codes", "reconstruction"):
        theirs, ours = np.load(folder / f"{name}.npy"), np.load(folder / f"own_{name}.npy")
        np.testing.assert_allclose(theirs, ours, rtol=1e-5, atol=1e-5, err_msg=name)


def test_sae_lens_keeps_what_is_known_of_the_trial(loaded: Path) -> None:
    told = json.loads((loaded / "told.json").read_text(encoding="utf-8"))
    assert told.pop("version") == VERSION
    assert {trial for _, trial in told.values()} == {3}
    assert {architecture for architecture, _ in told.values()} == {"standard", "topk", "jumprelu", "gated"}
