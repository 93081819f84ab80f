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
        {{ outcome('opportunities', 'stages') }} as outcome,
        coalesce(stages.phase, 'Other') as phase
    from opportunities
    left join stages on opportunities.stage_name = stages.stage_name

)

select * from classified
