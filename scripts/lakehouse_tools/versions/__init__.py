"""Where a number came from: the versions of one record in raw, and the mart rows they made."""
