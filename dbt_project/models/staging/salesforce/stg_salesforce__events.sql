{{ config(unique_key='event_id') }}
{% set raw = columns_of(source('salesforce', 'event')) %}

with

versions as (

    select
        -- ids
        {{ field(raw, 'id') }} as event_id,
        {{ field(raw, 'whoid') }} as who_id,
        {{ field(raw, 'whatid') }} as what_id,
        {{ field(raw, 'accountid') }} as account_id,
        {{ field(raw, 'ownerid') }} as owner_id,
        {{ field(raw, 'createdbyid') }} as created_by_id,
        {{ field(raw, 'lastmodifiedbyid') }} as last_modified_by_id,

        -- strings
        {{ field(raw, 'subject') }} as subject,
        {{ field(raw, 'location') }} as location,
        {{ field(raw, 'eventsubtype') }} as event_subtype,
        {{ field(raw, 'showas') }} as show_as,

        -- numerics
        {{ field(raw, 'durationinminutes', 'bigint') }} as duration_minutes,

        -- booleans
        {{ field(raw, 'isalldayevent', 'boolean') }} as is_all_day,
        {{ field(raw, 'isprivate', 'boolean') }} as is_private,
        {{ field(raw, 'isarchived', 'boolean') }} as is_archived,
        {{ field(raw, 'isrecurrence', 'boolean') }} as is_recurrence,

        -- timestamps
        {{ field(raw, 'startdatetime', 'timestamp') }} as starts_at,
        {{ field(raw, 'enddatetime', 'timestamp') }} as ends_at,

        {{ version_columns(raw) }}

    from {{ source('salesforce', 'event') }}
    {{ newer_batches() }}

),

{{ latest_version('versions', 'event_id') }}
