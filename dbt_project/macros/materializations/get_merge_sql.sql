{#- The MERGE of an incremental model. Takes the place of dbt-glue's macro by its name,
    for what that one cannot say. A model's `meta` may have

    only_newer        true: a row gives way to a later version only (see version_order)
    obsolete_column   name of a column of the query that marks rows to be deleted; in the
                      same MERGE, so that no reader sees a history half changed. It is not
                      a column of the table: `*` stands for those of the table. -#}
{% macro get_merge_sql(target, source, unique_key, dest_columns, incremental_predicates) -%}
    {%- set keys = [unique_key] if unique_key is string else unique_key -%}
    {%- set meta = config.get('meta', {}) -%}
    merge into {{ target }} as dest
    using (
        {{ source }}
    ) as delta
    on {% for key in keys -%}
        dest.{{ key }} = delta.{{ key }}{{ ' and ' if not loop.last }}
    {%- endfor %}
    {%- for predicate in incremental_predicates or [] %} and {{ predicate }}
    {%- endfor %}
    {%- if meta.get('obsolete_column') %}
    when matched and delta.{{ meta['obsolete_column'] }} then delete
    {%- endif %}
    when matched
    {%- if meta.get('only_newer') %} and {{ version_order('delta') }} > {{ version_order('dest') }}
    {%- endif %} then update set *
    when not matched then insert *
{%- endmacro %}
