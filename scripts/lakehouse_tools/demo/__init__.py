"""The whole way on this machine: set up, deploy, run, change the org, run again, show.

- :mod:`.needs`   what it will download and take
- :mod:`.tour`    the steps, in order
- :mod:`.marts`   what is in the marts
- :mod:`.story`   what is told on the way and at the end
"""
