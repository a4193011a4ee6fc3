"""Losses on latents of an SAE that is trained with its network, each a file. Part of the room `losses`."""
