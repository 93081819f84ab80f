"""Extract Salesforce objects into raw tables: the same program that Glue starts."""

import gc

# Nothing that is imported is garbage, and looking for some takes a fifth of the start; the
# program switches it on again.
gc.disable()

from lakehouse_jobs.entry.salesforce_extractor import main  # noqa: E402

if __name__ == "__main__":
    main()
