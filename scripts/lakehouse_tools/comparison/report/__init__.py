"""A comparison as JSON for machines, Markdown for a pull request, one HTML file for people."""
