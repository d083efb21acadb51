"""The OCI distribution protocol, for asking what an image is and nothing else.

Whatever comes over the wire is hostile until its digest says otherwise; nothing but `RegistryError`
leaves this room, and only `transport.py` knows how bytes travel.
"""
