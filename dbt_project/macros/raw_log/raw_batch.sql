{#- The newest batch of the raw table that this model reads, as of the build's beginning.
    None where the build did not say (dbt run by hand) and for a model that reads no raw
    table itself. A number in the statement: by it Iceberg leaves out data files. -#}
{% macro raw_batch() -%}
    {%- if not execute or not model.sources -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set tables = model.sources | map('last') | unique | list -%}
    {%- if tables | length > 1 -%}
        {{ exceptions.raise_compiler_error(
            model.name ~ ': reads ' ~ tables | join(', ') ~ '; allowed: one raw table, as '
            ~ 'each has batches of its own'
        ) }}
    {%- endif -%}
    {{ return(var('raw_batches').get(tables[0])) }}
{%- endmacro %}
