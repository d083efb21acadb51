"""What keeps an installation from its work, or lets somebody past it: looked at, never mended.

`gathering.py` asks the cluster; every check is a pure function on the picture that it makes.
"""
