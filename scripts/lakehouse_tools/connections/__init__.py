"""Each connection that the pipeline needs, tried once.

- :mod:`.services`    S3, KMS, Glue's catalog, Athena, the secret
- :mod:`.salesforce`  the login, API limits, permissions by object and field
- :mod:`.dbt`         ``dbt debug`` with the settings that the build has
- :mod:`.run`         all of them, one after the other
"""

from lakehouse_tools.connections.run import KINDS, check_all

__all__ = ["KINDS", "check_all"]
