"""Compose files: each service as a workload, under the rules and words of Pods.

What a file leaves to the environment is not known here, and never guessed.
"""
