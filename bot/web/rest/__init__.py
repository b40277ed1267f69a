"""What every JSON API of ours is made of: routes in a table, read, answered, counted and described alike."""
