"""Copying an image from one registry to another, by digest, and leaving evidence of it.

Not a byte is changed, and nothing is said to be there that the other registry did not confirm.
"""
