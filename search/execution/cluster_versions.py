"""Ray talks only to its own version, and only to its own Python: one message when they differ."""

from __future__ import annotations

import re
from dataclasses import dataclass

from search.errors import ClusterError


@dataclass(frozen=True)
class Versions:
    """Of a Ray process; python is None where a cluster does not say."""

    ray: str
    python: str | None = None

    def __str__(self) -> str:
        return f"Ray {self.ray}" + (f" with Python {self.python}" if self.python else "")


def refuse_other_ray(address: str, cluster: str, here: str) -> None:
    """Raises ClusterError unless both Rays are of the same version; the code that travels is written for
    the one it is installed with."""
    if cluster != here:
        raise mismatch(address, Versions(cluster), Versions(here))


def mismatch(address: str, cluster: Versions, here: Versions) -> ClusterError:
    """What to tell the user."""
    pins = f'"ray[tune]=={cluster.ray}"' if cluster.ray != here.ray else f"Python {cluster.python}"
    return ClusterError(
        f"--address {address}: the cluster runs {cluster}, this command {here}; they must be the same. "
        f"Start the cluster with sae-search's own versions (constraints.txt), or install {pins} here."
    )


def mismatch_in(message: str) -> tuple[Versions, Versions] | None:
    """The versions of cluster and of this process in Ray's own complaint; None if it is another one.

    >>> text = "Version mismatch: The cluster was started with:\\n Ray: 2.59.0\\n Python: 3.11.1\\n"
    >>> mismatch_in(text + "This process on x was started with:\\n Ray: 2.60.0\\n Python: 3.11.1\\n")
    (Versions(ray='2.59.0', python='3.11.1'), Versions(ray='2.60.0', python='3.11.1'))
    """
    rays = re.findall(r"\bRay: (\S+)", message)
    pythons = re.findall(r"\bPython: (\S+)", message)
    if "The cluster was started with" not in message or len(rays) != 2 or len(pythons) != 2:
        return None
    return Versions(rays[0], pythons[0]), Versions(rays[1], pythons[1])
