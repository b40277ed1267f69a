"""How fast Regulars is, beside what the same machine can do at best and what others do on it."""
