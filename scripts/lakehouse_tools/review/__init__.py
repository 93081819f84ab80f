"""What a change does to an environment, as a reviewer needs to read it."""
