"""Settings of a trial as pydantic classes that import no torch, so that a space file is checked in no time.

May import: no other room.
"""
