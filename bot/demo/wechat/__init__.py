"""A WeChat without an account: its API, its pushes and everybody's phones, on loopback."""
