{#- dbt's materialization of unit tests, for dbt-glue: dbt's own asks for the rows of a
    CREATE, and dbt-glue has none to give ("'NoneType' object is not iterable"). The
    types come from a view of the session's own; nothing is written. -#}
{% materialization unit, adapter='glue' -%}
    {%- set expected_rows = config.get('expected_rows') -%}
    {%- set view = 'unit_test_' ~ this.identifier -%}

    {% call statement('create_view') -%}
        create or replace temporary view {{ view }} as {{ get_empty_subquery_sql(sql) }}
    {%- endcall %}
    {%- set types, quoted = {}, {} -%}
    {%- for row in run_query('describe ' ~ view) -%}
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
