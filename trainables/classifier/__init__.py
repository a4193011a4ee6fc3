"""Training the network, also in cycles with the SAE as its teacher, resumable to the bit.

May import: trainables.data, trainables.losses, trainables.model, trainables.networks,
    trainables.settings, trainables.stages.
"""
