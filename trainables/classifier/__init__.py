"""Training the network, also in cycles with the SAE as its teacher, resumable to the bit.

May import: trainables.bases, trainables.concepts, trainables.data, trainables.edits, trainables.losses,
    trainables.model, trainables.networks, trainables.sae_training, trainables.saes, trainables.settings,
    trainables.stages.
"""
