"""One image at a time: which latents fire, where each looks, how they add up, and what without one of them.

    python analysis/image.py RUN

Writes one page that opens offline, into RUN/image/. It computes by itself, also for a digit drawn on it.
"""

from __future__ import annotations

from analysis.cli.trial_page import trial_page_parser, write_trial_page

EXAMPLES = """\
examples:
  python analysis/image.py runs/NAME                 the best trial
  python analysis/image.py runs/NAME --trial 17
  python analysis/image.py runs/NAME --split test    with images that no choice was made by

The page holds the trial's weights and three images of each class. A map is the fall of a latent's
pre-activation when a small square of the image is painted black; a bar is what the latent's code adds to a
class' logit. Both are computed in the browser, as is everything for a drawing.

exit codes: 0 done   2 usage, no such trial, or a network that the page cannot compute   4 no best trial
            6 no run, or damaged   7 data missing   8 disk
"""


def main(arguments: list[str] | None = None) -> int:
    """Write the page and print its path; exit code as `search.errors` has it."""
    options = trial_page_parser("analysis/image.py", __doc__ or "", EXAMPLES, "image").parse_args(arguments)
    # Not before: torch comes with it, and --help should not wait.
    from analysis.this_image.page import image_page

    return write_trial_page(options, image_page)


if __name__ == "__main__":
    raise SystemExit(main())
