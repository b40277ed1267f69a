"""How each kind of step is taken when a run walks through it; `table` has a line for each."""
