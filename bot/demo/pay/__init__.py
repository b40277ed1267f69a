"""A WeChat Pay without a merchant: its API, its notices, its bills, and the shoppers' phones, on loopback."""
