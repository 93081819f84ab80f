{#- The newest batch that this model has seen, for `where _batch > {{ last_batch() }}`.

    own  condition on the model's rows, without parentheses, where they come from several
         raw tables: each has batches of its own -#}
{% macro last_batch(own=none) -%}
    (select coalesce(max(_batch), 0) from {{ this }}{{ ' where ' ~ own if own }})
{%- endmacro %}
