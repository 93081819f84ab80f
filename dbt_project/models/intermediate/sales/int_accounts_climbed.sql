{{ config(unique_key='node_id', meta={'obsolete_column': '_obsolete'}) }}

with

{{ affected(
    ref('stg_salesforce__accounts'), 'account_id', 'parent_account_id', 'node_id', 'path'
) }}

links as (

    select
        account_id as node_id,
        coalesce(parent_account_id, account_id) as top_id,
        array_compact(array(parent_account_id)) as path,
        {{ seen_batch('_batch') }} as _batch
    from {{ ref('stg_salesforce__accounts') }}
    where not is_deleted and {{ if_among('needed', 'account_id') }}

) {{ rows_of('links') }},

lowest as (

    select * from links
    where {{ if_kept_among('affected', 'node_id') }}

),

{{ climb('lowest', 'links', 7) }}

{{ changed_rows('climbed', keys=['node_id'], within=['affected', 'id']) }}
