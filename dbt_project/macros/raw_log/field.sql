{#- One field of a raw table, cast to the type that staging promises.

    raw   columns_of() the raw table
    name  API name in lower case
    type  Spark SQL type

    A field that the org does not have, or hides from the integration user, is a null
    of that type. Where a field changed its type, raw keeps the newer values in
    `<name>__<iceberg type>`: each row has a value in one of the columns at most. Spark
    refuses to make a date of a number or a number of a date, and makes a moment of 1970 of
    a number: such a column is left out, also where it is the only one, before the first
    extraction after a change of type. -#}
{% macro field(raw, name, type='string') -%}
    {%- set columns = [] -%}
    {%- for suffix in ['', '__boolean', '__long', '__double', '__date', '__timestamptz', '__string'] -%}
        {%- set column = name ~ suffix -%}
        {%- if raw is none or column in raw and can_be_cast(raw[column], type) -%}
            {%- do columns.append(column) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if columns | length == 0 -%}
        cast(null as {{ type }})
    {%- elif raw is none or columns | length == 1 -%}
        cast(`{{ columns[0] }}` as {{ type }})
    {%- else -%}
        coalesce(
            {%- for column in columns -%}
                try_cast(`{{ column }}` as {{ type }}),
            {%- endfor -%}
            cast(null as {{ type }})
        )
    {%- endif -%}
{%- endmacro %}


{#- Whether Spark's try_cast takes the one type for the other: texts and moments of any kind,
    numbers and booleans, but neither of the last two with a moment. -#}
{% macro can_be_cast(from_type, to_type) -%}
    {%- set moments = [] -%}
    {%- set counted = [] -%}
    {%- for type in (from_type, to_type) -%}
        {%- set word = type.split('(')[0].split(' ')[0] -%}
        {%- if word in ('date', 'timestamp', 'timestamptz', 'timestamp_ntz') -%}
            {%- do moments.append(type) -%}
        {%- elif word != 'string' -%}
            {%- do counted.append(type) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(not (moments and counted)) }}
{%- endmacro %}
