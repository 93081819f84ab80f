{{ config(unique_key='account_id', meta={'obsolete_column': '_obsolete'}) }}

with

{{ affected(
    ref('stg_salesforce__accounts'), 'account_id', 'parent_account_id', 'account_id',
    'concat(ancestor_ids, array(unknown_ancestor_id))'
) }}

records as (

    select
        account_id as id,
        parent_account_id as parent_id,
        account_name as name,
        _batch
    from {{ ref('stg_salesforce__accounts') }}
    where not is_deleted and {{ if_among('needed', 'account_id') }}

) {{ rows_of('records') }},

{{ hierarchy('records', ref('int_accounts_climbed')) }},

flattened as (

    select
        -- ids
        placed.id as account_id,
        placed.parent_id as parent_account_id,
        placed.top_id as top_account_id,
        placed.ancestor_ids,
        placed.unknown_ancestor_id,
        try_element_at(placed.levels, 1) as level_1_id,
        try_element_at(placed.levels, 2) as level_2_id,
        try_element_at(placed.levels, 3) as level_3_id,
        try_element_at(placed.levels, 4) as level_4_id,
        try_element_at(placed.levels, 5) as level_5_id,

        -- strings
        placed.name as account_name,
        top.name as top_account_name,

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
    'parent_account_id', 'top_account_id', 'ancestor_ids', 'unknown_ancestor_id', 'account_name',
    'top_account_name', 'is_cyclic', 'is_cut_off', '_batch',
] %}
{{ changed_rows('flattened', keys=['account_id'], within=['affected', 'id'], columns=compared) }}
