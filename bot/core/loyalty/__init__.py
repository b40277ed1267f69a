"""The loyalty program: its rules as marketers write them, and what they come to; pure, without a turn."""
