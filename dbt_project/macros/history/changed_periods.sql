{#- The end of a model whose rows are `periods` of touched records (see slowly_changing). Of the
    model's own rows the narrow columns alone are read: where a period's values are known,
    only its end and its batch can be others. -#}
{% macro changed_periods(rows, key) -%}
{%- set narrow = ['valid_to', 'is_closed_by_deletion', '_batch'] -%}
{%- set same -%}
    changed._is_known
    {%- for column in narrow %} and changed.{{ column }} <=> own.{{ column }}{% endfor -%}
{%- endset -%}
{{ changed_rows(rows, keys=[key, 'valid_from'], within=['touched', key], same=same, columns=narrow) }}
{%- endmacro %}
