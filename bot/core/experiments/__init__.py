"""Experiments: who meets which arm, what the arms come to, and when one has won."""
