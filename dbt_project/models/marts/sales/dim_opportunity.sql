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
    'currency_iso_code',
    'amount',
    'probability_percent',
    'weighted_amount',
    'close_date',
    'outcome',
] -%}

with

{{ touched('opportunity_id', ref('base_salesforce__opportunities')) }},

versions as (

    -- By name: the org's own fields may be called like what is worked out here.
    select
        opportunities.opportunity_id,
        opportunities.account_id,
        opportunities.owner_id,
        opportunities.opportunity_name,
        opportunities.opportunity_type,
        opportunities.stage_name,
        opportunities.forecast_category,
        opportunities.currency_iso_code,
        opportunities.amount,
        opportunities.probability_percent,
        opportunities.close_date,
        opportunities.is_deleted,
        opportunities.created_at,
        opportunities.system_modified_at,
        opportunities.deleted_at,
        opportunities._extracted_at,
        opportunities._batch,
        {{ weighted_amount('opportunities.amount', 'opportunities.probability_percent') }}
            as weighted_amount,
        {{ outcome('opportunities', 'stages') }} as outcome
    from {{ ref('base_salesforce__opportunities') }} as opportunities
    left join {{ ref('opportunity_stages') }} as stages
        on opportunities.stage_name = stages.stage_name
    {{ of_touched('opportunities.opportunity_id') }}

),

{{ slowly_changing('versions', 'opportunity_id', tracked) }},

opportunities as (

    select
        {{ history_key('opportunity_id') }} as opportunity_key,
        *
    from periods

)

{{ changed_periods('opportunities', 'opportunity_id') }}
