"""Importing: files of a shop read in bounded memory, chunk by chunk, each committed with how far it came."""
