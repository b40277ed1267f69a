"""What shoppers ask for at our pages: operations on themselves, see `bot/conversation/operations.py`."""
