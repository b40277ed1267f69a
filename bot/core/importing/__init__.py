"""Importing: what a shop has in files, understood row by row; no file is opened here."""
