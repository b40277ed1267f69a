"""The tracking API: what Segment's clients send, and what the browser's one asks for before."""
