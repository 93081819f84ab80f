{#- The Glue database of a layer. A model names its layer by `+schema`; the build's
    environment names the databases, because each environment has its own prefix. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set databases = {
        'staging': env_var('STAGING_DATABASE'),
        'intermediate': env_var('INTERMEDIATE_DATABASE'),
        'marts': env_var('MARTS_DATABASE'),
    } -%}
    {%- if custom_schema_name in databases -%}
        {{ databases[custom_schema_name] }}
    {%- elif custom_schema_name is none -%}
        {{ target.schema }}
    {%- else -%}
        {{ exceptions.raise_compiler_error(
            node.name ~ ': got +schema: ' ~ custom_schema_name ~ '; allowed: '
            ~ databases | join(', ')
        ) }}
    {%- endif -%}
{%- endmacro %}
