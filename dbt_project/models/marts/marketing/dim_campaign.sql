{{ config(
    unique_key=['campaign_id', 'valid_from'],
    meta={'obsolete_column': '_obsolete'},
) }}

{# A change of one of these begins a new row. Salesforce's own sums of members and opportunities are
   not among them: they move without the campaign. -#}
{% set tracked = [
    'parent_campaign_id',
    'owner_id',
    'campaign_name',
    'campaign_type',
    'status',
    'budgeted_cost',
    'actual_cost',
    'expected_revenue',
    'expected_response_percent',
    'count_sent',
    'is_active',
    'start_date',
    'end_date',
] -%}

with

{{ touched('campaign_id', ref('base_salesforce__campaigns')) }},

versions as (

    select *
    from {{ ref('base_salesforce__campaigns') }}
    {{ of_touched('campaign_id') }}

),

{{ slowly_changing('versions', 'campaign_id', tracked) }},

campaigns as (

    select
        {{ history_key('campaign_id') }} as campaign_key,
        *
    from periods

)

{{ changed_periods('campaigns', 'campaign_id') }}
