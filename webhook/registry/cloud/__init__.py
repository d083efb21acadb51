"""Logins that a cloud gives to whoever runs in it: nothing is stored, everything ends by itself.

Nobody is asked here unless a Registry names the provider, and only hosts of that provider get what
was given; metadata addresses are reached through this room and no other.
"""
