"""What a user may want to type after a search, as commands that run as they stand."""

from __future__ import annotations

from search.commands import module_command, python_command, tensorboard_command
from search.formatting import shown
from search.run_dir.run_directory import RunDirectory
from search.study.study import Study

MOST_TICKED = 40


def next_commands(study: Study, directory: RunDirectory, *, any_ranked: bool) -> list[tuple[str, str]]:
    """Pairs (what for, command); what needs a best trial only where there is one."""
    run = shown(directory.path)
    further = (
        (
            "search on",
            python_command("search/run.py", "--resume", run, "--trials", str(2 * study.budget.trials)),
        )
        if study.is_search
        else ("tabulate the effects", module_command("analysis.directions_table", run))
    )
    curves = (f"look at the curves{_unticked(study)}", tensorboard_command(directory.trials))
    again = ("train a trial again", python_command("search/run.py", "--reproduce", run, "TRIAL"))
    if not any_ranked:
        return [curves, further, again]
    return [
        curves,
        ("look at every latent of the best", python_command("analysis/gallery.py", run, "--top", "3")),
        ("confirm the best on the test split, with fresh seeds", python_command("search/confirm.py", run)),
        further,
        again,
    ]


def _unticked(study: Study) -> str:
    """TensorBoard shows the curves of no run where there are more than 40, and one is the run as a whole."""
    many = study.budget.trials + 1 > MOST_TICKED
    return (
        f" (TensorBoard ticks none of more than {MOST_TICKED}: tick the box above its list)" if many else ""
    )


def resume_command(directory: RunDirectory) -> str:
    """The shell command that goes on with a run."""
    return f"go on with: {python_command('search/run.py', '--resume', shown(directory.path))}"
