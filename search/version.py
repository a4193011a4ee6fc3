"""Which version of sae-search this is."""

from __future__ import annotations

from importlib.metadata import version

VERSION = version("sae-search")
