"""The only door to the Kubernetes API.

The official client knows how to log in and keeps connections; what comes over them is read by us,
typed and a page at a time, as ten thousand Pods must not need a gigabyte.
"""
