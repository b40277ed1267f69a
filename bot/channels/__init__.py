"""Ways in and out: each provider's wire format, turned into the core's messages and back."""
