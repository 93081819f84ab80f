"""`lakehouse discover`: look at an org without changing anything, and propose what to extract.

- :mod:`.access`          credentials, and a transport that sends nothing but GET
- :mod:`.kinds`           which objects are worth extracting, and which go where
- :mod:`.personal`        fields that look personal, with the reason
- :mod:`.findings`        what was found of each object
- :mod:`.census`          asking the org
- :mod:`.reading`         its answers about an object
- :mod:`.permissions`     what the org's permissions tell of hidden fields
- :mod:`.estimate`        time, calls and cost
- :mod:`.proposal`        ``salesforce_objects.json``
- :mod:`.permission_set`  a permission set for the extraction user
"""
