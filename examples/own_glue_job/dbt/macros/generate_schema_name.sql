{#- `+schema: marts` means the Glue database of that layer; dbt's own schemas get staging. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ env_var((custom_schema_name or 'staging') | upper ~ '_DATABASE', target.schema) }}
{%- endmacro %}
