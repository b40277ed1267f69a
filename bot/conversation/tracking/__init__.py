"""Tracked messages: all that wait become one transaction, and are answered after its commit."""
