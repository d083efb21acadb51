"""The OCI distribution protocol: asking what an image is and which way it took, and writing it.

Whatever comes over the wire is hostile until its digest says otherwise; nothing but `RegistryError`
leaves this room, and only `transport.py` knows how bytes travel.
"""
