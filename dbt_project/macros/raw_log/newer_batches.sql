{#- Leaves the rows that raw got since the last build; all of them in a full one.
    No lookback: a batch number is never used twice, whatever the stamps in it. -#}
{% macro newer_batches() -%}
    {%- if is_incremental() -%}
        where _batch > {{ last_batch() }}
    {%- endif -%}
{%- endmacro %}
