{{ config(unique_key='user_id') }}
{% set raw = columns_of(source('salesforce', 'user')) %}

with

versions as (

    select
        -- ids
        {{ field(raw, 'id') }} as user_id,
        {{ field(raw, 'userroleid') }} as user_role_id,
        {{ field(raw, 'profileid') }} as profile_id,
        {{ field(raw, 'managerid') }} as manager_id,
        {{ field(raw, 'contactid') }} as contact_id,
        {{ field(raw, 'createdbyid') }} as created_by_id,
        {{ field(raw, 'lastmodifiedbyid') }} as last_modified_by_id,

        -- strings
        {{ field(raw, 'username') }} as username,
        {{ field(raw, 'firstname') }} as first_name,
        {{ field(raw, 'lastname') }} as last_name,
        {{ field(raw, 'name') }} as user_name,
        {{ field(raw, 'email') }} as email,
        {{ field(raw, 'title') }} as title,
        {{ field(raw, 'department') }} as department,
        {{ field(raw, 'division') }} as division,
        {{ field(raw, 'usertype') }} as user_type,
        {{ field(raw, 'timezonesidkey') }} as time_zone,

        -- booleans
        {{ field(raw, 'isactive', 'boolean') }} as is_active,

        -- timestamps
        {{ field(raw, 'lastlogindate', 'timestamp') }} as last_login_at,

        {{ version_columns(raw) }}

    from {{ source('salesforce', 'user') }}
    {{ newer_batches() }}

),

{{ latest_version('versions', 'user_id') }}
