"""A local AWS and a demo Salesforce org, so that the deployed lakehouse runs on one machine."""
