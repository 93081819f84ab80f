{{ config(unique_key='campaign_member_id') }}
{% set raw = columns_of(source('salesforce', 'campaignmember')) %}

with

versions as (

    select
        -- ids
        {{ field(raw, 'id') }} as campaign_member_id,
        {{ field(raw, 'campaignid') }} as campaign_id,
        {{ field(raw, 'leadid') }} as lead_id,
        {{ field(raw, 'contactid') }} as contact_id,
        {{ field(raw, 'createdbyid') }} as created_by_id,
        {{ field(raw, 'lastmodifiedbyid') }} as last_modified_by_id,

        -- strings
        {{ field(raw, 'type') }} as member_type,
        {{ field(raw, 'status') }} as status,

        -- booleans
        {{ field(raw, 'hasresponded', 'boolean') }} as has_responded,

        -- dates
        {{ field(raw, 'firstrespondeddate', 'date') }} as first_responded_date,

        {{ version_columns(raw) }}

    from {{ source('salesforce', 'campaignmember') }}
    {{ newer_batches() }}

),

{{ latest_version('versions', 'campaign_member_id') }}
