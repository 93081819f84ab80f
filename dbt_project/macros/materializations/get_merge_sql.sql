{#- The MERGE of an incremental model. Takes the place of dbt-glue's macro by its name.

    A model that can take rows back (`meta: {obsolete_column: …}`) marks them with that
    column, and the same MERGE deletes them: no reader sees a history half changed.
    The column is not one of the table's: `*` stands for the table's columns. -#}
{% macro get_merge_sql(target, source, unique_key, dest_columns, incremental_predicates) -%}
    {%- set keys = [unique_key] if unique_key is string else unique_key -%}
    {%- set obsolete = config.get('meta', {}).get('obsolete_column') -%}
    merge into {{ target }} as dest
    using (
        {{ source }}
    ) as delta
    on {% for key in keys -%}
        dest.{{ key }} = delta.{{ key }}{{ ' and ' if not loop.last }}
    {%- endfor %}
    {%- if obsolete %}
    when matched and delta.{{ obsolete }} then delete
    {%- endif %}
    when matched then update set *
    when not matched then insert *
{%- endmacro %}
