{{ config(unique_key='node_id', meta={'obsolete_column': '_obsolete'}) }}

with

links as (

    select
        user_role_id as node_id,
        parent_role_id as top_id,
        array(parent_role_id) as path
    from {{ ref('stg_salesforce__user_roles') }}
    where parent_role_id is not null and not is_deleted

),

{{ climb('links', 'links', 7) }}

{{ changed_rows('climbed', keys=['node_id']) }}
