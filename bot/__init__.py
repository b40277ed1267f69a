"""Regulars: a conversational loyalty backend."""
