"""Clusters of a trial's codes: which digits share them, and what splits a digit.

    python analysis/clusters.py RUN

Writes one page that opens offline, into RUN/clusters/.
"""

from __future__ import annotations

from analysis.cli.trial_page import trial_page_parser, write_trial_page

EXAMPLES = """\
examples:
  python analysis/clusters.py runs/NAME                 the best trial
  python analysis/clusters.py runs/NAME --trial 17
  python analysis/clusters.py runs/NAME --split test    on images that no choice was made by

k-means on the codes of train images, weighted by the lengths of decoder rows. The page shows images of the
split that are nearest to each centre. Inside a class the clusters are those of the trial's own mean codes.

exit codes: 0 done   2 usage or no such trial   4 no best trial   6 no run, or damaged
            7 data missing   8 disk
"""


def main(arguments: list[str] | None = None) -> int:
    """Write the page and print its path; exit code as `search.errors` has it."""
    options = trial_page_parser("analysis/clusters.py", __doc__ or "", EXAMPLES, "clusters").parse_args(
        arguments
    )
    # Not before: torch comes with it, and --help should not wait.
    from analysis.code_clusters.page import clusters_page

    return write_trial_page(options, clusters_page)


if __name__ == "__main__":
    raise SystemExit(main())
