"""The HTTP face: bytes in, verdict of the engine, bytes out; nothing is judged in this room.

`Server` carries requests to `Admission`, which asks the engine. The only `except Exception`
of the project is in `edge.py`: whatever happens, the API server gets an answer with the right uid.
"""
