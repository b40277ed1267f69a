"""The ledger: wallets, lots, holds and the entries that move credit, in integer minor units."""
