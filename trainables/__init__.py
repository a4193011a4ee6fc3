"""Everything that runs in a worker."""

import os

# Read when torch loads, so it stands before any import of it. By default OpenMP's threads go on spinning for
# milliseconds after each product, on cores that another trial, or the next kernel, could use.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
