"""Schema migrations, the same for both databases."""
