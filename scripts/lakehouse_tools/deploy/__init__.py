"""Deploying the stack with the real CDK CLI.

- :mod:`.project`  where ``app.py`` and ``cdk.json`` lie
- :mod:`.cdk`      running the CLI: into a log with a status line, or on the terminal
- :mod:`.local`    the local AWS: run times, server, bootstrap, deploy
- :mod:`.account`  an AWS account
"""
