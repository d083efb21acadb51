"""The report's own small server: whom the API server lets list ImageFacts may read it.

It asks nobody but the API server, holds no session, and writes nothing.
"""
