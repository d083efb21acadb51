"""What a registry may lose: everything is read, then decided by a pure function, deleted last.

What cannot be told is kept.
"""
