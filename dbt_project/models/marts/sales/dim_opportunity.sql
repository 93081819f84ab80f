{{ config(
    unique_key=['opportunity_id', 'valid_from'],
    meta={'obsolete_column': '_obsolete'},
) }}

{# A change of one of these begins a new row. -#}
{% set tracked = [
    'account_id',
    'owner_id',
    'opportunity_name',
    'opportunity_type',
    'stage_name',
    'forecast_category',
    'amount',
    'probability_percent',
    'weighted_amount',
    'close_date',
    'outcome',
] -%}

with

touched as (

    select distinct opportunity_id
    from {{ ref('base_salesforce__opportunities') }}
    {{ newer_batches() }}

),

versions as (

    select
        opportunities.*,
        {{ weighted_amount('opportunities.amount', 'opportunities.probability_percent') }}
            as weighted_amount,
        {{ outcome('opportunities', 'stages') }} as outcome
    from {{ ref('base_salesforce__opportunities') }} as opportunities
    left join {{ ref('opportunity_stages') }} as stages
        on opportunities.stage_name = stages.stage_name
    where opportunities.opportunity_id in (select touched.opportunity_id from touched)

),

{{ slowly_changing('versions', 'opportunity_id', tracked) }},

opportunities as (

    select
        {{ history_key('opportunity_id') }} as opportunity_key,
        *
    from periods

)

{{ changed_rows('opportunities', keys=['opportunity_id', 'valid_from'], touched='touched') }}
