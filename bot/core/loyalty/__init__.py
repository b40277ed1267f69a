"""The ledger: lots, holds and the entries that move credit between accounts, in integer minor units."""
