{{ config(unique_key='opportunity_line_item_id') }}
{% set raw = columns_of(source('salesforce', 'opportunitylineitem')) %}

with

versions as (

    select
        -- ids
        {{ field(raw, 'id') }} as opportunity_line_item_id,
        {{ field(raw, 'opportunityid') }} as opportunity_id,
        {{ field(raw, 'product2id') }} as product_id,
        {{ field(raw, 'pricebookentryid') }} as pricebook_entry_id,
        {{ field(raw, 'createdbyid') }} as created_by_id,
        {{ field(raw, 'lastmodifiedbyid') }} as last_modified_by_id,

        -- strings
        {{ field(raw, 'name') }} as line_item_name,
        {{ field(raw, 'productcode') }} as product_code,
        {{ field(raw, 'description') }} as description,

        -- numerics
        {{ field(raw, 'quantity', 'double') }} as quantity,
        {{ field(raw, 'discount', 'double') }} as discount_percent,
        {{ field(raw, 'unitprice', 'decimal(18, 2)') }} as unit_price,
        {{ field(raw, 'listprice', 'decimal(18, 2)') }} as list_price,
        {{ field(raw, 'totalprice', 'decimal(18, 2)') }} as total_price,
        {{ field(raw, 'sortorder', 'bigint') }} as sort_order,

        -- dates
        {{ field(raw, 'servicedate', 'date') }} as service_date,

        {{ version_columns(raw) }}

    from {{ source('salesforce', 'opportunitylineitem') }}
    {{ newer_batches() }}

),

{{ latest_version('versions', 'opportunity_line_item_id') }}
