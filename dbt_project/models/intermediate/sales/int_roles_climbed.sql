{{ config(unique_key='node_id', meta={'obsolete_column': '_obsolete'}) }}

with

{{ affected(
    ref('stg_salesforce__user_roles'), 'user_role_id', 'parent_role_id', 'node_id', 'path'
) }}

links as (

    select
        user_role_id as node_id,
        coalesce(parent_role_id, user_role_id) as top_id,
        array_compact(array(parent_role_id)) as path,
        {{ seen_batch('_batch') }} as _batch
    from {{ ref('stg_salesforce__user_roles') }}
    where not is_deleted and {{ if_among('needed', 'user_role_id') }}

) {{ rows_of('links') }},

lowest as (

    select * from links
    where {{ if_kept_among('affected', 'node_id') }}

),

{{ climb('lowest', 'links', 7) }}

{{ changed_rows('climbed', keys=['node_id'], within=['affected', 'id']) }}
