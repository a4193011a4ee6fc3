"""Errors of a trial's own making; `search` maps them to exit codes and ledger reasons."""

from __future__ import annotations


class DataError(Exception):
    """Data is missing or not what it should be. The text says path, expected, actual, and how to get it."""


class TrialDiverged(Exception):
    """A loss or metric left the finite numbers. This trial ends, the search goes on."""


class MemberError(Exception):
    """A member of an open family from outside cannot be used. The text says which, why, and where."""


class MissingModule(MemberError):
    """The module that a member from outside lives in is not among the packages here."""


class UnknownMember(MemberError, KeyError):
    """Nobody has a member of this name, here."""

    __str__ = Exception.__str__
