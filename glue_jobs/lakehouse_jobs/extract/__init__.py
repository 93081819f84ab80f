"""From an object's window in Salesforce to one commit in its raw table."""
