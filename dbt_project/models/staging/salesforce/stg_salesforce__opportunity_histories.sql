{{ config(unique_key='opportunity_history_id') }}
{% set raw = columns_of(source('salesforce', 'opportunityhistory')) %}

with

versions as (

    select
        -- ids
        {{ field(raw, 'id') }} as opportunity_history_id,
        {{ field(raw, 'opportunityid') }} as opportunity_id,
        {{ field(raw, 'createdbyid') }} as created_by_id,

        -- strings
        {{ field(raw, 'stagename') }} as stage_name,
        {{ field(raw, 'forecastcategory') }} as forecast_category,

        -- numerics
        {{ field(raw, 'amount', 'decimal(18, 2)') }} as amount,
        {{ field(raw, 'expectedrevenue', 'decimal(18, 2)') }} as expected_revenue,
        {{ field(raw, 'probability', 'double') }} as probability_percent,

        -- dates
        {{ field(raw, 'closedate', 'date') }} as close_date,

        {{ version_columns(raw) }}

    from {{ source('salesforce', 'opportunityhistory') }}
    {{ newer_batches() }}

),

{{ latest_version('versions', 'opportunity_history_id') }}
