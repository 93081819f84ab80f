"""What keeps a table as quick after years as on its first day, done by the job after a commit.

Old snapshots expire, files that nothing refers to any more leave the bucket, and small
files are merged. All of it gives way to commits of data and fails none of them: what is
not done now is done after a later commit.
"""
