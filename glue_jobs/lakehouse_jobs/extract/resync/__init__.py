"""Resync: read again, compare with the current versions in raw, append what differs.

:mod:`.plan` says what is read and what becomes of differences, :mod:`.resync` carries a
plan out. Both sides lie on local disk in buckets by record id (:mod:`.spill`) and are
compared bucket by bucket (:mod:`.comparison`), so memory does not grow with the object.
"""
