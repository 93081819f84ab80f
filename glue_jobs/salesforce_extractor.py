"""Extract Salesforce objects into raw tables: the same program that Glue starts."""

from lakehouse_jobs.entry.salesforce_extractor import main

if __name__ == "__main__":
    main()
