"""Deploying the stack with the real CDK CLI.

- :mod:`.project`     where ``app.py`` and ``cdk.json`` lie
- :mod:`.cdk`         running the CLI: into a log with a status line
- :mod:`.synthesis`   one assembly, reviewed and then deployed as it is
- :mod:`.deployed`    what stands in the account now
- :mod:`.preflight`   what has to be right before
- :mod:`.governance`  Lake Formation and quotas
- :mod:`.local`       the local AWS in one go: bootstrap, deploy
"""
