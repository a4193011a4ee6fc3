"""First layers with a prior: fixed banks, convolutions, local connections. Part of the room `networks`."""
