"""Tests of search, trainables and analysis, in the folders of what they test."""

import os

# Before numpy and torch are loaded: as many test processes as cores, each with a team of threads as large as
# the machine, spend half of the time waiting for one another.
os.environ.setdefault("OMP_NUM_THREADS", "1")
