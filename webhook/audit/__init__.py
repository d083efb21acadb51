"""One look at what a cluster runs: who owns it, and what the engine says to it.

It reads and never writes. What a Pod says of itself proves nothing: owners are asked for.
"""
