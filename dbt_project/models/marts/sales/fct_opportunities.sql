{{ config(unique_key='opportunity_id', tags='core') }}

with

opportunities as (

    select * from {{ ref('int_opportunities_classified') }}
    {{ newer_batches() }}

)

select
    -- ids
    opportunity_id,
    account_id,
    contact_id,
    campaign_id,
    owner_id,

    -- strings
    opportunity_name,
    opportunity_type,
    lead_source,
    stage_name,
    phase,
    outcome,
    forecast_category,

    -- numerics
    amount,
    expected_revenue,
    probability_percent,
    {{ weighted_amount('amount', 'probability_percent') }} as weighted_amount,
    -- Days from creation to the close date, for those that are closed.
    case
        when outcome in ('Won', 'Lost')
            then datediff(close_date, {{ org_date('created_at') }})
    end as days_to_close,

    -- booleans
    outcome in ('Won', 'Lost') as is_closed,
    outcome = 'Won' as is_won,
    coalesce(has_line_items, false) as has_line_items,
    is_deleted,

    -- dates
    close_date,

    -- timestamps
    last_stage_changed_at,
    created_at,
    last_modified_at,
    deleted_at,
    _batch

from opportunities
