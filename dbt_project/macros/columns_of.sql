{#- The columns of a relation as {name: type}, names in lower case.

    The build that runs in CodeBuild has read them from the Glue catalog and passes them
    as the variable `known_columns`; for a relation that is not in it (dbt run by hand)
    one DESCRIBE is sent. None while dbt parses. -#}
{% macro columns_of(relation) -%}
    {%- if not execute -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set name = relation.schema.split('.') | last ~ '.' ~ relation.identifier -%}
    {%- set known = var('known_columns').get(name) -%}
    {%- if known is not none -%}
        {{ return(known) }}
    {%- endif -%}
    {%- set columns = {} -%}
    {%- for column in adapter.get_columns_in_relation(relation) -%}
        {%- do columns.update({column.name | lower: column.dtype}) -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}
