"""Many SAEs of one shape trained as one on a GPU, captured as a graph. Part of the room `sae_training`."""
