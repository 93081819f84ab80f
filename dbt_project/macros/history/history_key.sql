{#- A key for one row of a history: stable, whatever order versions arrive in. -#}
{% macro history_key(key) -%}
    md5(concat_ws('|', {{ key }}, cast(unix_micros(valid_from) as string)))
{%- endmacro %}
