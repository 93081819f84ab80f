{{ config(unique_key='opportunity_id', tags='core') }}

with

opportunities as (

    select * from {{ ref('stg_salesforce__opportunities') }}
    {{ newer_batches() }}

),

stages as (

    select * from {{ ref('opportunity_stages') }}

),

classified as (

    -- By name: the org's own fields may be called like what is worked out here.
    select
        opportunities.opportunity_id,
        opportunities.account_id,
        opportunities.contact_id,
        opportunities.campaign_id,
        opportunities.owner_id,
        opportunities.opportunity_name,
        opportunities.opportunity_type,
        opportunities.lead_source,
        opportunities.stage_name,
        opportunities.forecast_category,
        opportunities.currency_iso_code,
        opportunities.amount,
        opportunities.expected_revenue,
        opportunities.probability_percent,
        opportunities.has_line_items,
        opportunities.is_deleted,
        opportunities.close_date,
        opportunities.last_stage_changed_at,
        opportunities.created_at,
        opportunities.last_modified_at,
        opportunities.deleted_at,
        opportunities._batch,
        {{ outcome('opportunities', 'stages') }} as outcome,
        coalesce(stages.phase, 'Other') as phase
    from opportunities
    left join stages on opportunities.stage_name = stages.stage_name

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
    currency_iso_code,

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

from classified
