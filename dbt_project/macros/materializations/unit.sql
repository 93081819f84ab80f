{#- dbt's materialization of unit tests, for dbt-glue: dbt's own asks for the rows of a
    CREATE, and dbt-glue has none to give ("'NoneType' object is not iterable"). The
    types come from the query's description; nothing is written. -#}
{% materialization unit, adapter='glue' -%}
    {%- set expected_rows = config.get('expected_rows') -%}
    {%- set types, quoted = {}, {} -%}
    {%- for row in run_query('describe query ' ~ get_empty_subquery_sql(sql)) -%}
        {%- do types.update({row[0] | lower: row[1]}) -%}
        {%- do quoted.update({row[0] | lower: adapter.quote(row[0])}) -%}
    {%- endfor -%}

    {%- set names = [] -%}
    {%- for name in (expected_rows[0] if expected_rows else types) -%}
        {%- do names.append(adapter.quote(name)) -%}
    {%- endfor -%}
    {%- set expected = config.get('expected_sql')
        or get_expected_sql(expected_rows, types, quoted) -%}

    {% call statement('main', fetch_result=true) -%}
        {{ get_unit_test_sql(sql, expected, names) }}
    {%- endcall %}

    {{ return({'relations': []}) }}
{%- endmaterialization %}
