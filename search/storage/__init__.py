"""A run on storage that all nodes see: lease, pieces of the ledger, files, and bringing it home.

May import: search.ledger, search.run_dir, trainables.storage.
"""
