"""WeChat: official accounts and mini programs, what they push to us and what goes back."""
