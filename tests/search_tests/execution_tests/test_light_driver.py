"""A driver trains nothing, so it loads nothing to train with: seconds before the first trial."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
CODE = """
import sys
from pathlib import Path
import search.cli.search_command, search.confirmation.run, search.execution.search_run
import search.execution.tune_adapters, search.loggers.all_loggers
from search.execution.actor_inputs import with_inputs
from search.run_dir.inputs import load_inputs
from search.space.loader import load_study
dataset = load_inputs(load_study(Path("spaces/smoke.yaml")).study)
with_inputs("trainables.workers.trial_actor:TrialActor", Path(sys.argv[1]), dataset=dataset)
print(sorted({"torch", "sklearn", "scipy", "numba"} & set(sys.modules)))
"""


def test_a_driver_loads_neither_torch_nor_scikit_learn(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE, tmp_path], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout == "[]\n", done.stderr
