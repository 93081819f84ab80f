"""Sources and staging models of the dbt project, generated from what Salesforce describes.

Read in the order of a generation: :mod:`.facts` (what is known of an object), from
:mod:`.org` or :mod:`.raw_tables`; :mod:`.project` (what the project has already);
:mod:`.words` and :mod:`.names` (snake_case names that do not collide); :mod:`.columns`
and :mod:`.model`; :mod:`.files`, :mod:`.yml` and :mod:`.sources` (their texts, quoted by
:mod:`.text`); :mod:`.plan` (all of it together) and :mod:`.writing` (all files or none). Beside
them :mod:`.stages` (the org's opportunity stages) and :mod:`.seed` (the seed that has them).
"""
