{#- dbt's own question, and one more: has the model still the columns of its table?
    A model that gained, lost or renamed a column is built anew from raw. That gives old
    rows their values at once, where `append_new_columns` would leave nulls.

    Models ask a dozen times, and dbt-glue asks the catalog each time: what the build has read there
    answers first. -#}
{% macro is_incremental() -%}
    {%- if not execute or model.config.materialized != 'incremental' or should_full_refresh() -%}
        {{ return(false) }}
    {%- endif -%}
    {%- if this.schema ~ '.' ~ this.identifier not in var('known_columns') -%}
        {%- set relation = load_cached_relation(this) -%}
        {%- if relation is none or relation.type != 'table' -%}
            {{ return(false) }}
        {%- endif -%}
    {%- endif -%}
    {{ return(columns_of(this).keys() | list == model.columns.keys() | list) }}
{%- endmacro %}
