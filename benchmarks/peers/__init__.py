"""Other bots doing the same conversational job, each in its own idiom."""
