{#- The moment up to which a raw table knows Salesforce: its watermark, which moves also where nothing
    has changed. Null where the build did not say (dbt run by hand): the newest `_extracted_at` is
    what remains then, and it stands still while an object is quiet.

    table  raw table: the object's API name in lower case -#}
{% macro known_until(table) -%}
    {%- set moment = var('raw_watermarks').get(table) -%}
    {{- "timestamp '" ~ moment ~ "'" if moment else 'cast(null as timestamp)' -}}
{%- endmacro %}
