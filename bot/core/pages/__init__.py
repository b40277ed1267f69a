"""What our pages show of the program to one shopper, decided in a turn and worded in their language."""
