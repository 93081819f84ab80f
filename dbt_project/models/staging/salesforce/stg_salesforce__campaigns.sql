{{ config(unique_key='campaign_id') }}
{% set raw = columns_of(source('salesforce', 'campaign')) %}

with

versions as (

    select
        -- ids
        {{ field(raw, 'id') }} as campaign_id,
        {{ field(raw, 'parentid') }} as parent_campaign_id,
        {{ field(raw, 'ownerid') }} as owner_id,
        {{ field(raw, 'createdbyid') }} as created_by_id,
        {{ field(raw, 'lastmodifiedbyid') }} as last_modified_by_id,

        -- strings
        {{ field(raw, 'name') }} as campaign_name,
        {{ field(raw, 'type') }} as campaign_type,
        {{ field(raw, 'status') }} as status,

        -- numerics
        {{ field(raw, 'budgetedcost', 'decimal(18, 2)') }} as budgeted_cost,
        {{ field(raw, 'actualcost', 'decimal(18, 2)') }} as actual_cost,
        {{ field(raw, 'expectedrevenue', 'decimal(18, 2)') }} as expected_revenue,
        {{ field(raw, 'amountallopportunities', 'decimal(18, 2)') }} as opportunities_amount,
        {{ field(raw, 'amountwonopportunities', 'decimal(18, 2)') }} as won_opportunities_amount,
        {{ field(raw, 'expectedresponse', 'double') }} as expected_response_percent,
        {{ field(raw, 'numbersent', 'double') }} as count_sent,
        {{ field(raw, 'numberofleads', 'bigint') }} as count_leads,
        {{ field(raw, 'numberofcontacts', 'bigint') }} as count_contacts,
        {{ field(raw, 'numberofopportunities', 'bigint') }} as count_opportunities,
        {{ field(raw, 'numberofwonopportunities', 'bigint') }} as count_won_opportunities,

        -- booleans
        {{ field(raw, 'isactive', 'boolean') }} as is_active,

        -- dates
        {{ field(raw, 'startdate', 'date') }} as start_date,
        {{ field(raw, 'enddate', 'date') }} as end_date,

        {{ version_columns(raw) }}

    from {{ source('salesforce', 'campaign') }}
    {{ newer_batches() }}

),

{{ latest_version('versions', 'campaign_id') }}
