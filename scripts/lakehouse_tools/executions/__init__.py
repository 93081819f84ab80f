"""Executions of the deployed state machine: start one, follow it, read what it left.

- :mod:`.start`       the request and its start
- :mod:`.progress`    what is known of a running execution
- :mod:`.extraction`  a Glue run's log lines → progress of its objects
- :mod:`.build`       dbt's log lines → progress of its nodes
- :mod:`.logs`        reading a CloudWatch log stream as it grows
- :mod:`.follow`      the execution as it stands now, asked again and again
- :mod:`.outcomes`    the outcomes a run left in the lake bucket
- :mod:`.history`     executions that were
- :mod:`.states`      each object as it stands
- :mod:`.needs`       what needs a person
"""
