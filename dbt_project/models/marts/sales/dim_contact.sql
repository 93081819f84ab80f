{{ config(unique_key='contact_id') }}

select
    -- ids
    contact_id,
    account_id,
    reports_to_id,
    owner_id,

    -- strings
    contact_name,
    first_name,
    last_name,
    title,
    department,
    email,
    phone,
    lead_source,
    mailing_city,
    mailing_state,
    mailing_postal_code,
    mailing_country,

    -- booleans
    coalesce(has_opted_out_of_email, false) as has_opted_out_of_email,
    coalesce(is_do_not_call, false) as is_do_not_call,
    email is not null
    and not is_deleted
    and not coalesce(has_opted_out_of_email, false)
    and not coalesce(is_email_bounced, false) as is_reachable_by_email,
    is_deleted,

    -- dates
    last_activity_date,

    -- timestamps
    created_at,
    last_modified_at,
    deleted_at,
    _batch

from {{ ref('stg_salesforce__contacts') }}
{{ newer_batches() }}
