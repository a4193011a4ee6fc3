"""Files that outlive a worker: whole files, tensor folders, checkpoints, object stores.

May import: no other room.
"""
