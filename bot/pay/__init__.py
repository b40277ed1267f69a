"""WeChat Pay APIv3 for one merchant: what is asked of it, what it tells us, and that it is really it."""
