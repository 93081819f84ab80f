{{ config(unique_key='user_role_id', meta={'obsolete_column': '_obsolete'}) }}

with

{{ affected(
    ref('stg_salesforce__user_roles'), 'user_role_id', 'parent_role_id', 'user_role_id',
    'concat(ancestor_ids, array(unknown_ancestor_id))'
) }}

records as (

    select
        user_role_id as id,
        parent_role_id as parent_id,
        role_name as name,
        _batch
    from {{ ref('stg_salesforce__user_roles') }}
    where not is_deleted and {{ if_among('needed', 'user_role_id') }}

) {{ rows_of('records') }},

{{ hierarchy('records', ref('int_roles_climbed')) }},

flattened as (

    select
        -- ids
        placed.id as user_role_id,
        placed.parent_id as parent_role_id,
        placed.top_id as top_user_role_id,
        placed.ancestor_ids,
        placed.unknown_ancestor_id,
        try_element_at(placed.levels, 1) as level_1_id,
        try_element_at(placed.levels, 2) as level_2_id,
        try_element_at(placed.levels, 3) as level_3_id,
        try_element_at(placed.levels, 4) as level_4_id,
        try_element_at(placed.levels, 5) as level_5_id,

        -- strings
        placed.name as role_name,
        top.name as top_role_name,

        -- numerics
        case when placed.levels is not null then size(placed.levels) end as level,

        -- booleans
        placed.is_cyclic,
        placed.unknown_ancestor_id is not null as has_unknown_ancestor,
        placed.is_cut_off,

        -- version
        placed._batch
    from placed
    left join records as top on placed.top_id = top.id

)

{# Levels and has_unknown_ancestor come of these. -#}
{% set compared = [
    'parent_role_id', 'top_user_role_id', 'ancestor_ids', 'unknown_ancestor_id', 'role_name',
    'top_role_name', 'is_cyclic', 'is_cut_off', '_batch',
] %}
{{ changed_rows('flattened', keys=['user_role_id'], within=['affected', 'id'], columns=compared) }}
