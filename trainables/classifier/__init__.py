"""Training the network, also in cycles with the SAE as its teacher, resumable to the bit.

May import: trainables.data, trainables.edits, trainables.losses, trainables.model, trainables.networks, trainables.saes,
    trainables.settings, trainables.stages.
"""
