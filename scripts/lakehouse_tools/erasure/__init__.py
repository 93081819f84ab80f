"""Erasure of records from the lake: raw, what dbt made of it, the files of both, and a proof.

Each step looks at what is there and does what is left to do, so a run that was killed is gone on
with by the same command.
"""
