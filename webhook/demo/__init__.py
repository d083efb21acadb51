"""A small real registry and its sample images; the demo and the tests use the same.

Nothing here shares code with the client or the rules: what is tested never checks itself.
"""
