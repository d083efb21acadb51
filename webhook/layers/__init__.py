"""Looks inside images: reads layers as they stream by, and answers what was asked.

Nothing in a layer is believed, run or written to disk: a layer is other people's bytes. This room
knows `registry/` and `core/`, and nothing of clusters.
"""
