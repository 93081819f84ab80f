{#- The current version of each record: the end of a staging model.

    versions  the CTE with the versions that are new to this model
    key       its id column

    The winner is the last by (coalesce(deleted_at, system_modified_at), _batch). In an
    incremental build the model's own rows of the same records compete: a version that
    comes late must not replace a newer one, and a MERGE cannot tell. -#}
{% macro latest_version(versions, key) -%}
candidates as (

    select * from {{ versions }}
    {%- if is_incremental() %}
    union all
    select * from {{ this }}
    where {{ key }} in (select {{ key }} from {{ versions }})
    {%- endif %}

),

winners as (

    select
        max_by(
            struct(*),
            struct(coalesce(deleted_at, system_modified_at), _batch)
        ) as winner
    from candidates
    group by {{ key }}

)

select winner.* from winners
{%- endmacro %}
