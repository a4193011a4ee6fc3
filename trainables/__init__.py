"""Everything that runs in a worker, and what the driver must know of it.

It imports only itself. Loose here lies what every room may use: registry, config, errors, seeds, device.
"""

import os

# Read when torch loads, so it stands before any import of it. OpenMP's threads by default go on spinning for
# milliseconds after each product, on cores that another trial, or the next kernel, could use. A few turns are
# enough for the next product of the same step to find them awake.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "3000")
