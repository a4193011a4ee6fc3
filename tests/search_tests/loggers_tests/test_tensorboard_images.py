"""TensorBoard gets the pictures of trials that were the best when they ended, each once, byte for byte."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from search.ledger.history import fold
from search.loggers.tensorboard_events import TensorBoardLogger, regenerate
from search.loggers.tensorboard_images import DESCRIPTIONS, MOST_BYTES
from tests.search_tests.histories import Run, make_study, replayed, typical_run
from tests.search_tests.loggers_tests.test_tensorboard_events import event_file
from trainables.pictures import picture_files
from trainables.pictures.sprite import png


def put_pictures(run_dir: Path, trial: int) -> dict[str, bytes]:
    """Two pictures of different sizes, as a worker leaves them."""
    pictures = {}
    for size, name in enumerate(DESCRIPTIONS, start=5):
        pictures[name] = png(np.full((size, 9), trial, dtype=np.uint8))
        picture_files.write(run_dir / "trials" / f"{trial:04d}", name, pictures[name])
    return pictures


def write(run: Run, run_dir: Path) -> None:
    board = TensorBoardLogger(run_dir, run.study)
    for event, history in replayed(run):
        board.apply(event, history)
    board.close()


def shown(folder: Path) -> dict[str, list[tuple[int, bytes]]]:
    reader = EventAccumulator(str(folder))
    reader.Reload()
    return {
        tag: [(e.step, e.encoded_image_string) for e in reader.Images(tag)] for tag in reader.Tags()["images"]
    }


def trials_with_pictures(run_dir: Path) -> set[int]:
    return {int(folder.name) for folder in (run_dir / "trials").glob("0*") if shown(folder)}


def test_the_best_so_far_and_the_default_are_shown_and_nobody_else(tmp_path: Path) -> None:
    """Trial 2 beats 1 in accuracy only; 3 is infeasible; 4 and 5 were stopped; 9 still runs."""
    for trial in range(10):
        put_pictures(tmp_path, trial)
    write(typical_run(), tmp_path)
    assert trials_with_pictures(tmp_path) == {0, 1, 2}


def test_a_trial_that_is_beaten_from_the_start_is_not_shown_but_the_default_is(tmp_path: Path) -> None:
    run = Run(make_study(objectives=1, constrained=False))
    run.complete(1, 0.90, 0.5)
    run.complete(0, 0.70, 0.5)
    run.complete(2, 0.80, 0.5)
    run.complete(3, 0.95, 0.5)
    for trial in range(4):
        put_pictures(tmp_path, trial)
    write(run, tmp_path)
    assert trials_with_pictures(tmp_path) == {0, 1, 3}


def test_pictures_are_the_files_at_the_last_epoch(tmp_path: Path) -> None:
    pictures = put_pictures(tmp_path, 1)
    write(typical_run(), tmp_path)
    assert shown(tmp_path / "trials" / "0001") == {
        f"pictures/{Path(name).stem}": [(18, data)] for name, data in pictures.items()
    }
    reader = EventAccumulator(str(tmp_path / "trials" / "0001"))
    reader.Reload()
    (sheet,) = reader.Images("pictures/templates")
    assert (sheet.width, sheet.height) == (9, 5)


def test_a_resume_shows_nothing_twice_and_leaves_the_files_as_they_are(tmp_path: Path) -> None:
    run = typical_run()
    for trial in range(10):
        put_pictures(tmp_path, trial)
    write(run, tmp_path)
    files = {trial: event_file(tmp_path / "trials" / f"{trial:04d}") for trial in range(10)}
    before = {trial: (path.read_bytes(), path.stat().st_ino) for trial, path in files.items()}
    regenerate(tmp_path, run.study, fold(run.events))
    assert {trial: (path.read_bytes(), path.stat().st_ino) for trial, path in files.items()} == before


def test_a_resumed_driver_knows_who_was_best_before_it(tmp_path: Path) -> None:
    run = typical_run()
    put_pictures(tmp_path, 9)
    put_pictures(tmp_path, 10)
    write(run, tmp_path)
    board = TensorBoardLogger(tmp_path, run.study)
    run.rung(9, 3, 0.91, 0.93)
    board.apply(run.end(9, "COMPLETE"), run.history)
    run.complete(10, 0.96, 0.9)
    board.apply(run.events[-1], run.history)
    board.close()
    assert trials_with_pictures(tmp_path) == {10}


@pytest.mark.parametrize("fault", ["absent", "empty", "text", "cut", "folder", "link", "huge", "unreadable"])
def test_a_picture_that_is_none_is_left_out(tmp_path: Path, fault: str) -> None:
    run = typical_run()
    data = put_pictures(tmp_path, 1)[picture_files.TEMPLATES]
    path = tmp_path / "trials" / "0001" / picture_files.FOLDER / picture_files.TEMPLATES
    path.unlink()
    if fault == "folder":
        path.mkdir()
    elif fault == "link":
        other = tmp_path / "elsewhere.png"
        other.write_bytes(data)
        path.symlink_to(other)
    elif fault == "unreadable":
        if os.geteuid() == 0:
            pytest.skip("root reads everything")
        path.write_bytes(data)
        path.chmod(0)
    elif fault != "absent":
        contents = {
            "empty": b"",
            "text": b"<script>",
            "cut": data[:20],
            "huge": data + bytes(MOST_BYTES),
        }
        path.write_bytes(contents[fault])
    write(run, tmp_path)
    assert set(shown(tmp_path / "trials" / "0001")) == {"pictures/attributions"}
