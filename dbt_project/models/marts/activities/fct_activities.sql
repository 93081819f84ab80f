{{ config(unique_key=['activity_id']) }}

with

tasks as (

    select
        task_id as activity_id,
        who_id,
        what_id,
        account_id,
        owner_id,
        'Task' as activity_type,
        task_subtype as activity_subtype,
        subject,
        status,
        priority,
        cast(call_duration_seconds / 60 as decimal(18, 2)) as duration_minutes,
        coalesce(is_closed, false) as is_completed,
        false as is_invitation,
        coalesce(is_recurrence, false) as is_series,
        is_deleted,
        due_date as activity_date,
        cast(null as timestamp) as starts_at,
        cast(null as timestamp) as ends_at,
        completed_at,
        created_at,
        last_modified_at,
        deleted_at,
        _batch
    from {{ ref('stg_salesforce__tasks') }}
    {{ newer_batches(own="activity_type = 'Task'") }}

),

events as (

    select
        event_id as activity_id,
        who_id,
        what_id,
        account_id,
        owner_id,
        'Event' as activity_type,
        event_subtype as activity_subtype,
        subject,
        cast(null as string) as status,
        cast(null as string) as priority,
        cast(duration_minutes as decimal(18, 2)) as duration_minutes,
        -- An event has no status: it is over or it is to come, which only a reader can tell.
        cast(null as boolean) as is_completed,
        -- Salesforce copies an event for each user who is invited.
        coalesce(is_child, false) as is_invitation,
        -- What repeats has a record of its own beside those of its days; Lightning tells it by 3.
        coalesce(is_recurrence, false) or coalesce(group_event_type = '3', false) as is_series,
        is_deleted,
        -- A whole day begins at midnight of UTC, wherever it is spent.
        case
            when is_all_day then cast(starts_at as date)
            else {{ org_date('starts_at') }}
        end as activity_date,
        starts_at,
        ends_at,
        cast(null as timestamp) as completed_at,
        created_at,
        last_modified_at,
        deleted_at,
        _batch
    from {{ ref('stg_salesforce__events') }}
    {{ newer_batches(own="activity_type = 'Event'") }}

),

activities as (

    select * from tasks
    union all
    select * from events

)

select
    -- ids
    activity_id,
    who_id,
    what_id,
    account_id,
    owner_id,

    -- strings
    activity_type,
    activity_subtype,
    -- The first three characters of an id tell its object.
    case left(who_id, 3)
        when '003' then 'Contact'
        when '00Q' then 'Lead'
    end as who_type,
    case left(what_id, 3)
        when '001' then 'Account'
        when '006' then 'Opportunity'
        when '500' then 'Case'
        when '701' then 'Campaign'
        else case when what_id is not null then 'Other' end
    end as what_type,
    subject,
    status,
    priority,

    -- numerics
    duration_minutes,

    -- booleans
    is_completed,
    is_invitation,
    is_series,
    is_deleted,

    -- dates
    activity_date,

    -- timestamps
    starts_at,
    ends_at,
    completed_at,
    created_at,
    last_modified_at,
    deleted_at,
    _batch

from activities
