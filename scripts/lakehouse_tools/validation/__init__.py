"""The new side alone: raw against Salesforce itself, the marts against their own rules.

``salesforce`` asks the org and ``raw`` the table, ``sample`` compares records field by field,
``marts`` looks at keys, nulls, ranges, references and history, ``earlier`` at what moved since
the last run; ``run`` puts them together. Queries, checks and reports are the comparison's.
"""
