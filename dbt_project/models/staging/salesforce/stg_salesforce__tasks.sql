{{ config(unique_key='task_id') }}
{% set raw = columns_of(source('salesforce', 'task')) %}

with

versions as (

    select
        -- ids
        {{ field(raw, 'id') }} as task_id,
        {{ field(raw, 'whoid') }} as who_id,
        {{ field(raw, 'whatid') }} as what_id,
        {{ field(raw, 'accountid') }} as account_id,
        {{ field(raw, 'ownerid') }} as owner_id,
        {{ field(raw, 'createdbyid') }} as created_by_id,
        {{ field(raw, 'lastmodifiedbyid') }} as last_modified_by_id,

        -- strings
        {{ field(raw, 'subject') }} as subject,
        {{ field(raw, 'status') }} as status,
        {{ field(raw, 'priority') }} as priority,
        {{ field(raw, 'tasksubtype') }} as task_subtype,
        {{ field(raw, 'calltype') }} as call_type,

        -- numerics
        {{ field(raw, 'calldurationinseconds', 'bigint') }} as call_duration_seconds,

        -- booleans
        {{ field(raw, 'isclosed', 'boolean') }} as is_closed,
        {{ field(raw, 'ishighpriority', 'boolean') }} as is_high_priority,
        {{ field(raw, 'isarchived', 'boolean') }} as is_archived,
        {{ field(raw, 'isrecurrence', 'boolean') }} as is_recurrence,

        -- dates
        {{ field(raw, 'activitydate', 'date') }} as due_date,

        -- timestamps
        {{ field(raw, 'completeddatetime', 'timestamp') }} as completed_at,

        {{ version_columns(raw) }}

    from {{ source('salesforce', 'task') }}
    {{ newer_batches() }}

),

{{ latest_version('versions', 'task_id') }}
