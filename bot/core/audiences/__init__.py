"""Computed traits and audiences: what marketers write of them, and what they come to for one contact."""
