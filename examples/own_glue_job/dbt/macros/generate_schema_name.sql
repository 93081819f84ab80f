{#- `+schema: marts` means the Glue database of that layer. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ env_var(custom_schema_name | upper ~ '_DATABASE') }}
{%- endmacro %}
