{#- dbt's own question, and one more: has the model still the columns of its table?
    A model that gained, lost or renamed a column is built anew from raw, and one of which a column
    has another type. That gives old rows their values at once, where `append_new_columns` would
    leave nulls and a MERGE would round what it writes, or be refused.

    One that lists no columns would be built anew in every build, however large it is: refused.

    Models ask a dozen times, and dbt-glue asks the catalog each time: what the build has read there
    answers first. -#}
{% macro is_incremental() -%}
    {%- if not execute or model.config.materialized != 'incremental' -%}
        {{ return(false) }}
    {%- elif not model.columns -%}
        {{ exceptions.raise_compiler_error(
            model.name ~ ': its yml lists no columns; list all that its query gives, in their order, '
            ~ 'or it would be built anew in every build'
        ) }}
    {%- elif should_full_refresh() -%}
        {{ return(false) }}
    {%- endif -%}
    {%- if this.schema ~ '.' ~ this.identifier not in var('known_columns') -%}
        {%- set relation = load_cached_relation(this) -%}
        {%- if relation is none or relation.type != 'table' -%}
            {{ return(false) }}
        {%- endif -%}
    {%- endif -%}
    {{ return(has_declared_columns(model, columns_of(this)) and not stands_on_other_types(model)) }}
{%- endmacro %}
