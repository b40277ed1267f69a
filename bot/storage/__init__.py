"""Tables, statements and units of work: rows in, domain objects out."""
