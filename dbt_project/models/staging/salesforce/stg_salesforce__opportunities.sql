{{ config(unique_key='opportunity_id') }}
{% set raw = columns_of(source('salesforce', 'opportunity')) %}

with

versions as (

    select
        -- ids
        {{ field(raw, 'id') }} as opportunity_id,
        {{ field(raw, 'accountid') }} as account_id,
        {{ field(raw, 'contactid') }} as contact_id,
        {{ field(raw, 'campaignid') }} as campaign_id,
        {{ field(raw, 'pricebook2id') }} as pricebook_id,
        {{ field(raw, 'ownerid') }} as owner_id,
        {{ field(raw, 'createdbyid') }} as created_by_id,
        {{ field(raw, 'lastmodifiedbyid') }} as last_modified_by_id,

        -- strings
        {{ field(raw, 'name') }} as opportunity_name,
        {{ field(raw, 'stagename') }} as stage_name,
        {{ field(raw, 'type') }} as opportunity_type,
        {{ field(raw, 'leadsource') }} as lead_source,
        {{ field(raw, 'nextstep') }} as next_step,
        {{ field(raw, 'forecastcategory') }} as forecast_category,

        -- numerics
        {{ field(raw, 'amount', 'decimal(18, 2)') }} as amount,
        {{ field(raw, 'expectedrevenue', 'decimal(18, 2)') }} as expected_revenue,
        {{ field(raw, 'probability', 'double') }} as probability_percent,
        {{ field(raw, 'totalopportunityquantity', 'double') }} as total_quantity,

        -- booleans
        {{ field(raw, 'isclosed', 'boolean') }} as is_closed,
        {{ field(raw, 'iswon', 'boolean') }} as is_won,
        {{ field(raw, 'hasopportunitylineitem', 'boolean') }} as has_line_items,

        -- dates
        {{ field(raw, 'closedate', 'date') }} as close_date,
        {{ field(raw, 'lastactivitydate', 'date') }} as last_activity_date,

        -- timestamps
        {{ field(raw, 'laststagechangedate', 'timestamp') }} as last_stage_changed_at,

        {{ version_columns(raw) }}

    from {{ source('salesforce', 'opportunity') }}
    {{ newer_batches() }}

),

{{ latest_version('versions', 'opportunity_id') }}
