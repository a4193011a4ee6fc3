"""A trial's SAE for other tools: SAELens, ONNX, or plain tensors.

    python analysis/export.py runs/NAME --trial 17 --format saelens

Basis and input scale are folded into the weights, so what is exported reads the classifier's hidden
activations as they are. Before an export gets its name, its codes are compared with the trial's own.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.load import load_run
from search.cli.exit_code import exit_code_of
from search.cli.parser import add_out, add_run, add_trial, parser_of

if TYPE_CHECKING:
    from analysis.export_formats.subject import Subject

EXAMPLES = """\
examples:
  python analysis/export.py runs/NAME --format saelens               the best trial, for SAELens
  python analysis/export.py runs/NAME --trial 17 --format onnx       images -> codes, for onnxruntime
  python analysis/export.py runs/NAME --trial 17 --format safetensors --out DIR

formats:
  saelens      what SAE.load_from_disk of sae-lens 6 reads: hidden activations -> codes. Its standard, topk,
               jumprelu and gated are ours; batch_topk and matryoshka become jumprelu with one threshold
  safetensors  tensors (the classifier's too), and metadata.json with a few lines of numpy that use them
  onnx         graphs images -> codes and hidden -> codes; needs pip install -e ".[export]"

saelens and safetensors begin at the hidden activations (b, d), which in Python are
load_run("runs/NAME").model(17).features.hidden(images); see analysis/load.py.

Every export holds the trial's settings, its metrics, and which images they are of. Nothing is ever
overwritten. The paths go to stdout, the rest to stderr.

exit codes: 0 done   1 the codes would differ   2 usage or no such trial   4 no best trial
            6 no run, or damaged, or DIR exists   8 disk
"""


@dataclass(frozen=True)
class Format:
    """Writes a folder, returning the largest difference of codes; and says how to load it."""

    write: Callable[[Path, Subject], float]
    load_lines: Callable[[Path], list[str]]


def _safetensors() -> Format:
    from analysis.export_formats.plain_tensors import load_lines, write_plain_tensors

    return Format(write_plain_tensors, load_lines)


def _saelens() -> Format:
    from analysis.export_formats.sae_lens_folder import load_lines, write_sae_lens

    return Format(write_sae_lens, load_lines)


def _onnx() -> Format:
    from analysis.export_formats.onnx_graphs import load_lines, refuse_missing_packages, write_onnx

    refuse_missing_packages()
    return Format(write_onnx, load_lines)


FORMATS: dict[str, Callable[[], Format]] = {"saelens": _saelens, "safetensors": _safetensors, "onnx": _onnx}


def export(run_path: Path, trial: int | None, format_name: str, out: Path | None) -> list[Path]:
    """Export a trial, by default the best; the files written.

    RunDirectoryError if the target exists or the checkpoint is not whole, SpaceError if there is no such
    trial or it was not trained in full, NoTrialCompleted if there is no best one, DiskError.
    """
    chosen = FORMATS[format_name]()
    run = load_run(run_path)
    number = run.best_trial().number if trial is None else trial
    from analysis.export_formats.subject import default_folder, subject_of
    from analysis.export_formats.whole_folder import refuse_existing, whole_folder

    target = default_folder(run, number, format_name) if out is None else out
    refuse_existing(target)
    _say(f"exporting trial {number} of {run.name} as {format_name} ...")
    subject = subject_of(run, number)
    with whole_folder(target) as folder:
        difference = chosen.write(folder, subject)
    compared = f"{len(subject.probes)} {subject.probes_are}"
    _say(f"compared on {compared}: codes differ by at most {difference:.0e} of the largest")
    _say("load it with:", *(f"  {line}" for line in chosen.load_lines(target)))
    return sorted(target.iterdir())


def _say(*lines: str) -> None:
    sys.stderr.write("".join(f"{line}\n" for line in lines))


def _parser() -> argparse.ArgumentParser:
    parser = parser_of("analysis/export.py", "Export a trained trial's SAE for other tools.", EXAMPLES)
    add_run(parser)
    add_trial(parser)
    parser.add_argument("--format", required=True, choices=FORMATS, help="see below")
    add_out(parser, "where to write, a folder that is not there yet (default: RUN/export/TRIAL-FORMAT)")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Export and print the paths; exit code as `search.errors` has it."""
    options = _parser().parse_args(arguments)
    return exit_code_of(lambda: _write(options))


def _write(options: argparse.Namespace) -> None:
    files = export(options.run, options.trial, options.format, options.out)
    sys.stdout.write("".join(f"{path}\n" for path in files))


if __name__ == "__main__":
    raise SystemExit(main())
