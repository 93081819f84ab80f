{{ config(materialized='ephemeral') }}
{% set raw = columns_of(source('salesforce', 'account')) %}

select
    -- ids
    {{ field(raw, 'id') }} as account_id,
    {{ field(raw, 'masterrecordid') }} as master_record_id,
    {{ field(raw, 'parentid') }} as parent_account_id,
    {{ field(raw, 'ownerid') }} as owner_id,
    {{ field(raw, 'createdbyid') }} as created_by_id,
    {{ field(raw, 'lastmodifiedbyid') }} as last_modified_by_id,

    -- strings
    {{ field(raw, 'name') }} as account_name,
    {{ field(raw, 'type') }} as account_type,
    {{ field(raw, 'industry') }} as industry,
    {{ field(raw, 'rating') }} as rating,
    {{ field(raw, 'accountsource') }} as account_source,
    {{ field(raw, 'accountnumber') }} as account_number,
    {{ field(raw, 'site') }} as site,
    {{ field(raw, 'ownership') }} as ownership,
    {{ field(raw, 'tickersymbol') }} as ticker_symbol,
    {{ field(raw, 'phone') }} as phone,
    {{ field(raw, 'website') }} as website,
    {{ field(raw, 'billingstreet') }} as billing_street,
    {{ field(raw, 'billingcity') }} as billing_city,
    {{ field(raw, 'billingstate') }} as billing_state,
    {{ field(raw, 'billingpostalcode') }} as billing_postal_code,
    {{ field(raw, 'billingcountry') }} as billing_country,
    {{ field(raw, 'shippingcity') }} as shipping_city,
    {{ field(raw, 'shippingstate') }} as shipping_state,
    {{ field(raw, 'shippingpostalcode') }} as shipping_postal_code,
    {{ field(raw, 'shippingcountry') }} as shipping_country,

    -- numerics
    {{ field(raw, 'annualrevenue', 'decimal(18, 2)') }} as annual_revenue,
    {{ field(raw, 'numberofemployees', 'bigint') }} as number_of_employees,

    -- dates
    {{ field(raw, 'lastactivitydate', 'date') }} as last_activity_date,

    {{ version_columns(raw) }}

from {{ source('salesforce', 'account') }}
{{ newer_batches() }}
