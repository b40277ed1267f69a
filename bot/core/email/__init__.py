"""Email: what a letter is, how it is written, and what its readers and their servers do with it."""
