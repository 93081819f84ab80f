{{ config(unique_key='opportunity_line_item_id') }}

select
    -- ids
    opportunity_line_item_id,
    opportunity_id,
    product_id,
    pricebook_entry_id,

    -- strings
    line_item_name,
    product_code,

    -- numerics
    quantity,
    unit_price,
    list_price,
    discount_percent,
    total_price,
    {{ line_amount('quantity', 'list_price') }} as list_amount,
    cast({{ line_amount('quantity', 'unit_price') }} - total_price as decimal(18, 2))
        as discount_amount,
    sort_order,

    -- booleans
    is_deleted,

    -- dates
    service_date,

    -- timestamps
    created_at,
    last_modified_at,
    deleted_at,
    _batch

from {{ ref('stg_salesforce__opportunity_line_items') }}
{{ newer_batches() }}
