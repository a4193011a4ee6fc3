"""What is known of every latent of a trial: strongest images, attributions, inversions, effect on the
logits.

May import: trainables.attribution, trainables.data, trainables.inversion, trainables.metrics,
    trainables.model, trainables.pictures, trainables.validity.
"""
