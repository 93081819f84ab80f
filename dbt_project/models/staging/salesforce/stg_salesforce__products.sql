{{ config(unique_key='product_id') }}
{% set raw = columns_of(source('salesforce', 'product2')) %}

with

versions as (

    select
        -- ids
        {{ field(raw, 'id') }} as product_id,
        {{ field(raw, 'createdbyid') }} as created_by_id,
        {{ field(raw, 'lastmodifiedbyid') }} as last_modified_by_id,

        -- strings
        {{ field(raw, 'name') }} as product_name,
        {{ field(raw, 'productcode') }} as product_code,
        {{ field(raw, 'family') }} as product_family,
        {{ field(raw, 'description') }} as description,
        {{ field(raw, 'quantityunitofmeasure') }} as quantity_unit,
        {{ field(raw, 'stockkeepingunit') }} as stock_keeping_unit,

        -- booleans
        {{ field(raw, 'isactive', 'boolean') }} as is_active,
        {{ field(raw, 'isarchived', 'boolean') }} as is_archived,

        {{ version_columns(raw) }}

    from {{ source('salesforce', 'product2') }}
    {{ newer_batches() }}

),

{{ latest_version('versions', 'product_id') }}
