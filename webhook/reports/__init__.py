"""Verdicts as text, one format to a file.

Pure: no I/O, no clock, no terminal. Names, labels and messages may come from strangers; every file
makes them harmless in its own format before they go out.
"""
