{{ config(unique_key='user_role_id') }}
{% set raw = columns_of(source('salesforce', 'userrole')) %}

with

versions as (

    select
        -- ids
        {{ field(raw, 'id') }} as user_role_id,
        {{ field(raw, 'parentroleid') }} as parent_role_id,
        {{ field(raw, 'lastmodifiedbyid') }} as last_modified_by_id,

        -- strings
        {{ field(raw, 'name') }} as role_name,
        {{ field(raw, 'developername') }} as developer_name,
        {{ field(raw, 'rollupdescription') }} as rollup_description,

        {{ version_columns(raw) }}

    from {{ source('salesforce', 'userrole') }}
    {{ newer_batches() }}

),

{{ latest_version('versions', 'user_role_id') }}
