"""Everything that exists only to be shown: the far side of the network, on loopback, with no account."""
