"""Raw tables that the catalog has lost, taken up again from the files that they left."""
