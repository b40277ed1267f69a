"""What the bot can do: one module per intent, functions that flows call with `do:`."""
