"""Names of the directions that latents are held against, without torch: `trainables.metrics.directions`."""

MEANINGS = {
    "gaussian": "random directions with the activations' covariance",
    "images": "single train images as directions",
    "pca": "plus and minus PCA directions",
    "neurons": "the hidden units themselves",
}
STRONGEST = "the strongest of " + ", ".join(MEANINGS.values())
