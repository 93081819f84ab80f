{#- One field of a raw table, cast to the type that staging promises.

    raw   columns_of() the raw table
    name  API name in lower case
    type  Spark SQL type

    A field that the org does not have, or hides from the integration user, is a null
    of that type. Where a field changed its type, raw keeps the newer values in
    `<name>__<iceberg type>`: each row has a value in one of the columns at most. -#}
{% macro field(raw, name, type='string') -%}
    {%- set columns = [] -%}
    {%- set types = [
        'boolean', 'int', 'long', 'float', 'double', 'date', 'timestamp', 'timestamptz', 'string',
    ] -%}
    {%- for suffix in [''] + types -%}
        {%- set column = name ~ ('__' ~ suffix if suffix else '') -%}
        {%- if raw is none or column in raw -%}
            {%- do columns.append(column) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if columns | length == 0 -%}
        cast(null as {{ type }})
    {%- elif raw is none or columns | length == 1 -%}
        cast({{ columns[0] }} as {{ type }})
    {%- else -%}
        coalesce(
            {%- for column in columns -%}
                try_cast({{ column }} as {{ type }}){{ ', ' if not loop.last }}
            {%- endfor -%}
        )
    {%- endif -%}
{%- endmacro %}
