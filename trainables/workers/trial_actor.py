"""The one class that Ray Tune runs: a thin shell around `Pipeline`, reused from trial to trial.

Everything a configuration can do wrong is caught here and sent back as the trial's end with its
reason, so that only the death of the process itself reaches Ray. A step that overruns the trial's
time ends the process from a watchdog that needs no interpreter lock, since a hang may sit in C code;
the traceback it leaves in `timeout.txt` says where the time went.
"""

from __future__ import annotations

import errno
import faulthandler
import logging
import os
import platform
import time
import traceback
from collections.abc import Mapping
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

import ray
import torch
from pydantic import ValidationError
from ray import tune

from trainables.config import TrialConfig
from trainables.data.dataset import Dataset, ImageData, to_tensors
from trainables.device import device_for
from trainables.errors import MemberError, MissingModule, TrialDiverged, UnknownMember
from trainables.model.activation_cache import ActivationCache
from trainables.pictures import trial_pictures
from trainables.pipeline.pipeline import Pipeline
from trainables.pipeline.step import Step
from trainables.sae_training.local import Trainer
from trainables.stages import cache_counts
from trainables.stages.cache import StageCache
from trainables.workers.gpu_batching import trainer_for
from trainables.workers.messages import MEMBER_MISSING, StepReport, StepResult, TrialTask, shortened
from trainables.workers.trial_context import TrialContext
from trainables.workers.worker_storage import WorkerStorage

logger = logging.getLogger("trainables")

DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EIO}
"""Not a configuration's doing, and the next trial would meet them too: the driver ends the run."""
LOG_BYTES = 500_000
"""A trial's log.txt is rolled over once at this size, so a chatty trial cannot fill the disk."""


class TrialActor(tune.Trainable):
    """Steps one pipeline at a time; `config` is a `TrialTask`."""

    def setup(self, config: dict[str, Any], context: TrialContext, dataset: Dataset) -> None:  # type: ignore[override]
        """Set up threads, device, data and cache, once per process."""
        faulthandler.dump_traceback_later(context.timeout_s, exit=True)
        torch.set_num_threads(context.threads)
        for code in context.code:
            code.activate()
        self._context = context
        self._device = device_for(context.gpus)
        self._data: ImageData = to_tensors(dataset, self._device)
        self._train_saes = self._choose_trainer()
        faulthandler.cancel_dump_traceback_later()
        self._cache = StageCache(Path(context.cache_dir), context.cache_bytes) if context.cache_dir else None
        self._hidden = ActivationCache()
        self._worker_storage = _storage(context)
        self._log: logging.Handler | None = None
        logger.setLevel(logging.INFO)
        self._take(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Another trial in the same process; every piece of the last one is dropped."""
        self._leave()
        self._take(new_config)
        return True

    def step(self) -> dict[str, Any]:
        """One step of a few seconds; returns a `StepResult`."""
        try:
            message = self._guarded_step()
        except TrialDiverged as error:
            message = self._failure(f"diverged: {error}")
        except (MissingModule, UnknownMember) as error:  # the driver has it, else the trial had not begun
            message = self._failure(f"{MEMBER_MISSING}: machine {platform.node()}: {error}")
        except MemberError as error:
            message = self._failure(one_line(error))
        except OSError as error:
            logger.exception("the trial failed")
            kind = "disk" if error.errno in DISK_ERRORS else type(error).__name__
            message = self._failure(f"{kind}: {error}")
        except Exception as error:
            logger.exception("the trial failed")
            message = self._failure(one_line(error))
        return message.dump()

    def cleanup(self) -> None:
        """Leave the packer and the storage in order before the process ends."""
        self._leave()

    def _leave(self) -> None:
        worked = getattr(self, "_log", None) is not None
        self._close_log()
        # Tune may give a trial to another process of this node before this one began with it.
        if worked and self._worker_storage is not None:
            self._worker_storage.leave(self._folder)

    def _take(self, config: Mapping[str, Any]) -> None:
        self._config = config
        self._task = TrialTask.parse(config)
        self._pipeline: Pipeline | None = None
        self._deadline = time.monotonic() + self._context.timeout_s
        root = Path(self._context.trials_dir)
        if self._worker_storage is not None:
            root = self._worker_storage.scratch or root
        self._folder = root / self._task.folder

    def _guarded_step(self) -> StepResult:
        remaining = self._deadline - time.monotonic()
        faulthandler.dump_traceback_later(max(remaining, 1.0), exit=True)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._open_log()
        timeout_file = self._folder / "timeout.txt"
        if remaining <= 0:
            faulthandler.cancel_dump_traceback_later()
            return self._failure(self._context.overrun)
        with timeout_file.open("w") as file:
            faulthandler.dump_traceback_later(remaining, exit=True, file=file)
            try:
                message = self._step_and_save()
            finally:
                faulthandler.cancel_dump_traceback_later()
        timeout_file.unlink(missing_ok=True)
        self._share()
        return message

    def _share(self) -> None:
        """Before the driver hears of the step, so that what it acknowledges is on the storage."""
        if self._worker_storage is not None:
            self._worker_storage.push(self._folder, self._config)

    def _step_and_save(self) -> StepResult:
        if self._pipeline is None:
            if self._worker_storage is not None:
                self._worker_storage.fetch(self._folder, self._config)
            self._pipeline = self._open_pipeline()
            restored = self._pipeline.restore(self._folder, self._task.passed)
            if restored is not None:
                # Whether the driver heard of this step before is unknown; the ledger drops what it knows.
                logger.info("continues after epoch %d", self._pipeline.epoch)
                self._draw(self._pipeline)
                return self._message(restored.step, restored.record)
        step = self._pipeline.step()
        self._note_cache_use()
        record = self._pipeline.save(self._folder)
        self._draw(self._pipeline)
        return self._message(step, record)

    def _draw(self, pipeline: Pipeline) -> None:
        """Pictures of a trial trained in full. One that cannot be drawn is no failure of the trial."""
        if pipeline.model is None:
            return
        try:
            trial_pictures.draw(pipeline.model, self._data.val.images, self._folder)
        except Exception:
            logger.warning("no pictures of this trial", exc_info=True)

    def _note_cache_use(self) -> None:
        """The cache outlives the trial; what it counted since the last note is this trial's."""
        if self._cache is not None:
            cache_counts.add(self._folder, self._cache.hits, self._cache.misses)
            self._cache.hits.clear()
            self._cache.misses.clear()

    def _message(self, step: Step, checkpoint: Mapping[str, str]) -> StepResult:
        assert self._pipeline is not None
        reports = [StepReport(report.epoch, None, report.metrics) for report in step.reports]
        if step.rung is not None:
            reports.append(StepReport(step.epoch, step.rung, step.metrics))
        return StepResult(tuple(reports), checkpoint, self._pipeline.next_rung)

    def _open_pipeline(self) -> Pipeline:
        config = _trial_config(self._task.trial)
        logger.info("trial %s, %s: %s", self._task.folder, _whereabouts(), config.model_dump_json())
        return Pipeline(
            config,
            self._data,
            self._context.plan,
            cache=self._cache,
            device=self._device,
            train_saes=self._train_saes,
            hidden=self._hidden,
        )

    def _choose_trainer(self) -> Trainer:
        return trainer_for(self._context.gpus, self._context.threads, self._device)

    def _failure(self, reason: str) -> StepResult:
        self._pipeline = None
        reason = shortened(reason)
        logger.info("failed: %s", reason)
        self._share()
        return StepResult(failure=reason)

    def _open_log(self) -> None:
        if self._log is None:
            self._log = RotatingFileHandler(self._folder / "log.txt", maxBytes=LOG_BYTES, backupCount=1)
            self._log.setFormatter(ShortLines("%(asctime)s %(levelname)s %(message)s"))
            logger.addHandler(self._log)

    def _close_log(self) -> None:
        if getattr(self, "_log", None) is not None:
            assert self._log is not None
            logger.removeHandler(self._log)
            self._log.close()
            self._log = None


class ShortLines(logging.Formatter):
    """No record longer than a twentieth of the log, whatever an exception has to say."""

    def format(self, record: logging.LogRecord) -> str:
        """The text of a record, its middle left out where it is too long."""
        text, most = super().format(record), LOG_BYTES // 40
        if len(text) <= 2 * most:
            return text
        return f"{text[:most]}\n... {len(text) - 2 * most:,} characters left out ...\n{text[-most:]}"


def _storage(context: TrialContext) -> WorkerStorage | None:
    if context.storage is None:
        return None
    here = ray.get_runtime_context().get_node_id()
    return WorkerStorage(context.storage, at_home=here == context.home_node)


def _whereabouts() -> str:
    """Which node and process, to find a machine that makes trouble; one machine may be several nodes."""
    node = ray.get_runtime_context().get_node_id() if ray.is_initialized() else "none"
    return f"node {node} ({platform.node()}), process {os.getpid()}"


def _trial_config(trial: Mapping[str, Any]) -> TrialConfig:
    """The trial's settings. MemberError where this machine refuses what the driver has accepted."""
    try:
        return TrialConfig.model_validate(trial)
    except ValidationError as error:
        first = error.errors()[0]
        text = str(first["msg"]).removeprefix("Value error, ")
        raise MemberError(f"{'.'.join(map(str, first['loc']))}: {text}") from error


def one_line(error: Exception) -> str:
    """The exception in a form that groups well in a report: its type, first line, and where it came from."""
    text = str(error).strip().splitlines()
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {text[0] if text else 'no message'}{place}"
