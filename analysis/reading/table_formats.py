"""The formats in which the table of trials can be had; light, for the parsers of options."""

from __future__ import annotations

from typing import Literal, get_args

Format = Literal["json", "csv", "parquet"]
FORMATS: tuple[Format, ...] = get_args(Format)
