"""The SQL of the comparison, built once as sqlglot expressions and written per engine."""
