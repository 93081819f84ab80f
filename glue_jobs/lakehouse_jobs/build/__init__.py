"""What surrounds ``dbt build`` in CodeBuild.

Needs boto3 and, to run dbt, dbt itself; nothing of the extractor's packages, which are
not installed there. Read in the order of a build: :mod:`.settings`, :mod:`.catalog`,
:mod:`.selection`, :mod:`.freshness`, :mod:`.dbt`, :mod:`.results`, :mod:`.built`, :mod:`.tested`,
:mod:`.upkeep`, :mod:`.sessions`.
"""
