"""Unit tests of policies as their authors write them: what they expect, and what they tell.

All of it is reading and comparing; files are found, and verdicts asked for, by `cli/`.
"""
