"""What Cocket knows and how it judges: values and functions only.

No I/O, no clock, no log, no randomness in this room; the same input gives the same answer.
"""
