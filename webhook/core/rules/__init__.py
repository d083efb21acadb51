"""The rules, one to a file; `ls` is the list of features."""
