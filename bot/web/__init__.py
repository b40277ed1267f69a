"""The HTTP face: provider webhooks, health, metrics."""
