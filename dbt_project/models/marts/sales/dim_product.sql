{{ config(
    unique_key=['product_id', 'valid_from'],
    meta={'obsolete_column': '_obsolete'},
) }}

{# A change of one of these begins a new row. -#}
{% set tracked = [
    'product_name',
    'product_code',
    'product_family',
    'description',
    'quantity_unit',
    'stock_keeping_unit',
    'is_active',
    'is_archived',
] -%}

with

{{ touched('product_id', ref('base_salesforce__products')) }},

versions as (

    select *
    from {{ ref('base_salesforce__products') }}
    {{ of_touched('product_id') }}

),

{{ slowly_changing('versions', 'product_id', tracked) }},

products as (

    select
        {{ history_key('product_id') }} as product_key,
        *
    from periods

)

{{ changed_periods('products', 'product_id') }}
