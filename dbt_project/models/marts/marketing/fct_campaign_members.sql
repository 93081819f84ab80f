{{ config(unique_key='campaign_member_id') }}

select
    -- ids
    campaign_member_id,
    campaign_id,
    account_id,
    contact_id,
    lead_id,

    -- strings
    -- A lead that was converted keeps its id beside the contact's.
    case
        when contact_id is not null then 'Contact'
        when lead_id is not null then 'Lead'
        when account_id is not null then 'Account'
    end as member_type,
    status,

    -- numerics
    case
        when has_responded then datediff(first_responded_date, {{ org_date('created_at') }})
    end as days_to_respond,

    -- booleans
    coalesce(has_responded, false) as has_responded,
    is_deleted,

    -- dates
    case when has_responded then first_responded_date end as first_responded_date,

    -- timestamps
    created_at as joined_at,
    last_modified_at,
    deleted_at,
    _batch

from {{ ref('stg_salesforce__campaign_members') }}
{{ newer_batches() }}
