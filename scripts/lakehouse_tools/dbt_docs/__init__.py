"""dbt's documentation of the project as one page."""
