"""Dockerfiles, read as BuildKit reads them: what they build on, and what the image will say.

Nothing is run and nothing is asked: what only a build can know has its own answer.
"""
