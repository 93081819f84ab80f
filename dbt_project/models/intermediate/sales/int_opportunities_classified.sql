{{ config(materialized='ephemeral') }}

with

opportunities as (

    select * from {{ ref('stg_salesforce__opportunities') }}

),

stages as (

    select * from {{ ref('opportunity_stages') }}

),

classified as (

    select
        opportunities.*,
        -- The record's own flags first: stage names are each org's own.
        case
            when opportunities.is_won then 'Won'
            when opportunities.is_closed then 'Lost'
            when opportunities.is_closed is not null then 'Open'
            else coalesce(stages.outcome, 'Unknown')
        end as outcome,
        coalesce(stages.phase, 'Other') as phase
    from opportunities
    left join stages on opportunities.stage_name = stages.stage_name

)

select * from classified
