"""Resync: read again, compare with the current versions in raw, append what differs."""
