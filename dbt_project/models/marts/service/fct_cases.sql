{{ config(unique_key='case_id') }}

select
    -- ids
    case_id,
    account_id,
    contact_id,
    parent_case_id,
    owner_id,

    -- strings
    case_number,
    subject,
    case_type,
    status,
    reason,
    origin,
    priority,

    -- numerics
    case
        when is_closed then {{ hours_between('created_at', 'closed_at') }}
    end as hours_to_close,

    -- booleans
    coalesce(is_closed, false) as is_closed,
    coalesce(is_escalated, false) as is_escalated,
    is_deleted,

    -- timestamps
    created_at as opened_at,
    case when is_closed then closed_at end as closed_at,
    last_modified_at,
    deleted_at,
    _batch

from {{ ref('stg_salesforce__cases') }}
{{ newer_batches() }}
