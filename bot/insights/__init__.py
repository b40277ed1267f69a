"""What the shop's own orders say: pairs, paces, what another program would have cost."""
