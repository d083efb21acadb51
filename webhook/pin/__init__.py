"""Tags in files made digests: where a name stands, what replaces it, and no other byte.

A room of pure functions on texts; who asks registries and writes files is `cli/`.
"""
