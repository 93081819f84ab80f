"""What the jobs, the constructs that deploy them and the tools that follow them agree on.

Standard library only: CDK code and the `lakehouse` command import it without the
jobs' own packages. One module per subject:

- :mod:`.arguments`  argument names of the Glue job, environment names of the dbt build
- :mod:`.objects`    ``salesforce_objects.json``: objects, groups, fields
- :mod:`.raw_log`    system columns and table properties of the raw tables
- :mod:`.schedule`   how often a schedule's expression starts something
- :mod:`.runs`       where a run's outcomes lie and what they hold
- :mod:`.hive_text`  text tables of a Glue catalog; :mod:`.hive_lines` how DuckDB reads them
- :mod:`.progress`   the log lines from which progress is shown
"""
