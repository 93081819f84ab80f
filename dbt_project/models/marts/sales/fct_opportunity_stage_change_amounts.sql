{{ config(
    enabled=var('multi_currency') in ('fixed', 'dated'),
    unique_key='opportunity_history_id',
    meta={'obsolete_column': '_obsolete'},
) }}

with

{{ conversion_rates() }},

-- An entry keeps its currency when the opportunity gets another one. Its day is the close date
-- that the opportunity has now: what moves by rates alone says nothing of sales.
priced as (

    select
        changes.opportunity_history_id,
        changes.opportunity_id,
        entries.currency_iso_code,
        changes.amount,
        {{ weighted_amount('changes.amount', 'changes.probability_percent') }} as weighted_amount,
        conversion_rates.conversion_rate,
        opportunities.close_date
    from {{ ref('fct_opportunity_stage_changes') }} as changes
    left join {{ ref('stg_salesforce__opportunity_histories') }} as entries
        on changes.opportunity_history_id = entries.opportunity_history_id
    left join {{ ref('stg_salesforce__opportunities') }} as opportunities
        on changes.opportunity_id = opportunities.opportunity_id
    left join conversion_rates
        on {{ rate_of('entries.currency_iso_code', 'opportunities.close_date') }}

),

amounts as (

    select
        -- ids
        opportunity_history_id,
        opportunity_id,

        -- strings
        currency_iso_code,

        -- numerics
        amount,
        conversion_rate,
        {{ corporate_amount('amount', 'conversion_rate') }} as corporate_amount,
        {{ corporate_amount('weighted_amount', 'conversion_rate') }} as corporate_weighted_amount,

        -- dates
        close_date
    from priced

)

{{ changed_rows('amounts', keys=['opportunity_history_id']) }}
