"""Clusters of ten thousand and more: what they cost us, etcd and the API server."""
