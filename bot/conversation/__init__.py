"""From trigger to turn: claim, lock, load, route, run, commit."""
