"""What tests of all packages share."""

from __future__ import annotations

from tests.analysis_tests import browser as harness

# One Chromium a worker: Playwright cannot be started twice in one process.
browser = harness.browser
