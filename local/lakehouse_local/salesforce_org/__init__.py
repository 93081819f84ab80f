"""The demo org: a Salesforce-shaped server with its own data and its own clock.

It speaks what an extractor uses (OAuth tokens, describe, REST queries, Bulk API 2.0 query
jobs) as Salesforce does, with its errors, and it can change and misbehave on request. Data
lie in one SQLite file, so they survive a restart. Nothing of it is needed to read a real org.

- :mod:`.lifecycle`  start, stop and change the org of a local lakehouse
- :mod:`.server`     the HTTP server; ``python -m lakehouse_local.salesforce_org`` runs it alone
- :mod:`.store`      the data; :mod:`.objects` and :mod:`.generate` make them
- :mod:`.change`     a day of business; :mod:`.moods` what goes wrong on request
- :mod:`.foreign`    an org from recorded describes and CSV files
"""
