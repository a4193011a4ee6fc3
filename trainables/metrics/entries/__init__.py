"""The metrics as objects, one family a file: name, unit, mode, null, reference, formula. Part of the room."""
