{#- The newest batch that this model has seen, for `where _batch > {{ last_batch() }}`. -#}
{% macro last_batch() -%}
    (select coalesce(max(_batch), 0) from {{ this }})
{%- endmacro %}
