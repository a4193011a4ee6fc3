"""What a user reads of an attempt that was lost; real searches that lose some are in end_to_end_tests."""

from __future__ import annotations

from search.scheduling.lost_process import FROZEN, Loss, loss_of, system_error

ACTOR = "c0ffee0101"
OOM = """1 worker(s) were killed due to the node running low on memory. Memory on the node (IP: 127.0.0.1)
 was 4.66GB used / 23.54GB limit (0.197846)
Selected to kill: (Actor(aaaa): job ID=01, pid=1, actual memory used=9.99GB, worker ID=3c)
Selected to kill: (Actor(c0ffee0101): job ID=01, pid=23360, actual memory used=1.27GB, worker ID=3c)
"""
TRIAL = {"classifier": {"kind": "mlp", "hidden_size": 64, "epochs": 3}, "sae": {"width": 4096}, "basis": None}


def kept_by_tune(kind: str, message: str) -> str:
    return f"Failure # 1 (occurred at 2026-11-28_01-00-00)\n{system_error(kind, ACTOR, message)}\n"


def test_a_process_that_just_died() -> None:
    loss = loss_of("The actor died unexpectedly before finishing this task.\n\tclass_name: TrialActor")
    assert loss == Loss()
    assert loss.reason == "lost: the worker process died"
    assert loss.final_reason(2, TRIAL) == "lost: the worker process died 2 times"


def test_memory_says_what_its_own_process_took_and_what_decides_it() -> None:
    loss = loss_of(kept_by_tune("OutOfMemoryError", OOM))
    assert loss.memory
    reason = loss.final_reason(2, TRIAL)
    assert reason.startswith("memory: the worker took 1.27GB while its machine was at 4.66GB of 23.54GB")
    assert "2 times" in reason
    assert "classifier.hidden_size 64, sae.width 4096" in reason
    assert "epochs" not in reason
    assert loss.reason.startswith("lost: ")


def test_a_process_that_was_not_ready_yet_is_the_only_one_that_was_ended() -> None:
    only = OOM.replace("Actor(c0ffee0101)", "Task").replace("Selected to kill: (Actor(aaaa)", "Considered: (")
    assert "the worker took 1.27GB" in loss_of(kept_by_tune("OutOfMemoryError", only)).reason
    one_of_two = OOM.replace("Actor(c0ffee0101)", "Task")
    assert "took" not in loss_of(kept_by_tune("OutOfMemoryError", one_of_two)).reason


def test_memory_without_figures() -> None:
    reason = loss_of(kept_by_tune("OutOfMemoryError", "low on memory")).final_reason(2, {})
    assert reason.startswith("memory: the worker was ended by Ray's memory monitor, 2 times")


def test_other_system_errors_are_named_with_their_first_line() -> None:
    loss = loss_of(
        kept_by_tune("NodeDiedError", "Task failed because the node died.\nThe node IP: 10.0.0.1" * 99)
    )
    assert loss.reason == "lost: NodeDiedError: Task failed because the node died."
    assert loss.final_reason(4, TRIAL) == "lost: NodeDiedError: Task failed because the node died., 4 times"
    assert not loss.memory


def test_a_message_that_says_nothing_and_one_that_says_too_much() -> None:
    assert loss_of(kept_by_tune("ObjectLostError", "")).reason == "lost: ObjectLostError"
    assert len(loss_of(kept_by_tune("ObjectLostError", "x" * 10_000)).reason) < 400


def test_a_frozen_process_is_told() -> None:
    assert loss_of(kept_by_tune(FROZEN, "killed by `ray.kill`")).frozen
