{{ config(materialized='ephemeral') }}

with

opportunities as (

    select * from {{ ref('stg_salesforce__opportunities') }}

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

select * from classified
