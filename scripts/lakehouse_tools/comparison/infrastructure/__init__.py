"""The old system's CloudFormation against the new template.

``system`` reads templates and resolves what can be known of them; ``counterparts`` says what the
new has in place of each old resource; ``openings``, ``policies`` and ``plain_secrets`` find what
is open in either; ``imports`` what the new stack can take over; ``compared`` puts them together.
"""
