{#- A text as an SQL literal. dbt-glue sends statements inside ''' and Spark fills in ${…}:
    quotes, backslashes and dollar signs go as numbers. -#}
{% macro text_literal(text) -%}
    {%- set codes = {"'": 39, '\\': 92, '$': 36} -%}
    {%- set pieces, odd = [], [] -%}
    {%- for char in text -%}
        {%- if char in codes -%}
            {%- do odd.append(char) -%}
            {%- do pieces.append("', char(" ~ codes[char] ~ "), '") -%}
        {%- else -%}
            {%- do pieces.append(char) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set literal = "'" ~ pieces | join ~ "'" -%}
    {{ 'concat(' ~ literal ~ ')' if odd else literal }}
{%- endmacro %}
