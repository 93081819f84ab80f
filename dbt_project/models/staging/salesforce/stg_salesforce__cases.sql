{{ config(unique_key='case_id') }}
{% set raw = columns_of(source('salesforce', 'case')) %}

with

versions as (

    select
        -- ids
        {{ field(raw, 'id') }} as case_id,
        {{ field(raw, 'accountid') }} as account_id,
        {{ field(raw, 'contactid') }} as contact_id,
        {{ field(raw, 'parentid') }} as parent_case_id,
        {{ field(raw, 'assetid') }} as asset_id,
        {{ field(raw, 'ownerid') }} as owner_id,
        {{ field(raw, 'createdbyid') }} as created_by_id,
        {{ field(raw, 'lastmodifiedbyid') }} as last_modified_by_id,

        -- strings
        {{ field(raw, 'casenumber') }} as case_number,
        {{ field(raw, 'subject') }} as subject,
        {{ field(raw, 'type') }} as case_type,
        {{ field(raw, 'status') }} as status,
        {{ field(raw, 'reason') }} as reason,
        {{ field(raw, 'origin') }} as origin,
        {{ field(raw, 'priority') }} as priority,

        -- booleans
        {{ field(raw, 'isclosed', 'boolean') }} as is_closed,
        {{ field(raw, 'isescalated', 'boolean') }} as is_escalated,

        -- timestamps
        {{ field(raw, 'closeddate', 'timestamp') }} as closed_at,

        {{ version_columns(raw) }}

    from {{ source('salesforce', 'case') }}
    {{ newer_batches() }}

),

{{ latest_version('versions', 'case_id') }}
