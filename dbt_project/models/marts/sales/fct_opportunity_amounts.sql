{{ config(
    enabled=var('multi_currency') in ('fixed', 'dated'),
    unique_key='opportunity_id',
    meta={'obsolete_column': '_obsolete'},
) }}

with

{{ conversion_rates() }},

opportunities as (

    select * from {{ ref('stg_salesforce__opportunities') }}

),

priced as (

    select
        opportunities.opportunity_id,
        opportunities.currency_iso_code,
        opportunities.amount,
        {{ weighted_amount('opportunities.amount', 'opportunities.probability_percent') }}
            as weighted_amount,
        conversion_rates.conversion_rate,
        opportunities.is_deleted,
        opportunities.close_date
    from opportunities
    left join conversion_rates
        on {{ rate_of('opportunities.currency_iso_code', 'opportunities.close_date') }}

),

amounts as (

    select
        -- ids
        opportunity_id,

        -- strings
        currency_iso_code,

        -- numerics
        amount,
        conversion_rate,
        {{ corporate_amount('amount', 'conversion_rate') }} as corporate_amount,
        {{ corporate_amount('weighted_amount', 'conversion_rate') }} as corporate_weighted_amount,

        -- booleans
        is_deleted,

        -- dates
        close_date
    from priced

)

{{ changed_rows('amounts', keys=['opportunity_id']) }}
