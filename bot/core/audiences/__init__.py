"""Audiences and computed traits: what is reckoned of the events of a contact, and who is in for it."""
