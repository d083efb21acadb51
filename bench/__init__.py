"""Measurements: ours beside a baseline, in one run, on this machine."""
