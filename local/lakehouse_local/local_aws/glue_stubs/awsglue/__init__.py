"""Stands for AWS's awsglue where that is not installed: the one function used from it."""
