{{ config(
    enabled=var('multi_currency') in ('fixed', 'dated'),
    unique_key='opportunity_line_item_id',
    meta={'obsolete_column': '_obsolete'},
) }}

with

-- A line item has the currency of its opportunity, and its rate by that one's close date.
amounts as (

    select
        -- ids
        line_items.opportunity_line_item_id,
        line_items.opportunity_id,

        -- strings
        opportunities.currency_iso_code,

        -- numerics
        line_items.total_price,
        opportunities.conversion_rate,
        {{ corporate_amount('line_items.total_price', 'opportunities.conversion_rate') }}
            as corporate_total_price,
        {{ corporate_amount('line_items.discount_amount', 'opportunities.conversion_rate') }}
            as corporate_discount_amount,

        -- booleans
        line_items.is_deleted,

        -- dates
        opportunities.close_date
    from {{ ref('fct_opportunity_line_items') }} as line_items
    left join {{ ref('fct_opportunity_amounts') }} as opportunities
        on line_items.opportunity_id = opportunities.opportunity_id

)

{{ changed_rows('amounts', keys=['opportunity_line_item_id']) }}
