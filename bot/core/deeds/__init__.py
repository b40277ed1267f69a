"""What a turn does with the program: shared by handlers, operations and what the clock asks."""
