"""What the shop reports and asks for: orders, refunds, checkouts, gifts; plain functions of a Turn."""
