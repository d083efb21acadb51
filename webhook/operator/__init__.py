"""What the leader of the operator does: it tells what is so, and keeps what should be so.

kopf says that something of ours changed; what is true now is always asked of the API server, and
everything written can be written twice. (The module of this name in the standard library is not
shadowed: all our imports are absolute.)
"""
