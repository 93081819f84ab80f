{{ config(unique_key='lead_id') }}

select
    -- ids
    lead_id,
    owner_id,
    converted_account_id,
    converted_contact_id,
    converted_opportunity_id,

    -- strings
    lead_name,
    company,
    status,
    lead_source,
    industry,
    rating,
    country,

    -- numerics
    case
        when is_converted then datediff(converted_date, {{ org_date('created_at') }})
    end as days_to_convert,

    -- booleans
    coalesce(is_converted, false) as is_converted,
    coalesce(is_converted and converted_opportunity_id is not null, false)
        as is_converted_with_opportunity,
    is_deleted,

    -- dates
    case when is_converted then converted_date end as converted_date,

    -- timestamps
    created_at,
    last_modified_at,
    deleted_at,
    _batch

from {{ ref('stg_salesforce__leads') }}
{{ newer_batches() }}
