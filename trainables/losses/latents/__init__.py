"""Losses on the latents of an SAE that is trained together with its network, each a file."""
