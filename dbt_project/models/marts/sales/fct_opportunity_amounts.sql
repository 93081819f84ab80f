{{ config(
    enabled=var('multi_currency') in ('fixed', 'dated'),
    unique_key='opportunity_id',
    meta={'obsolete_column': '_obsolete'},
) }}

with

currencies as (

    select
        iso_code,
        conversion_rate,
        is_corporate
    from {{ ref('stg_salesforce__currency_types') }}
    where not is_deleted

),

{% if var('multi_currency') == 'dated' -%}
-- A rate holds until the day on which the next one begins.
rates as (

    select
        iso_code,
        conversion_rate,
        start_date,
        lead(start_date) over (partition by iso_code order by start_date) as end_date
    from {{ ref('stg_salesforce__dated_conversion_rates') }}
    where not is_deleted

),
{%- else -%}
rates as (

    select
        iso_code,
        conversion_rate,
        cast(null as date) as start_date,
        cast(null as date) as end_date
    from currencies

),
{%- endif %}

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
        case when currencies.is_corporate then 1 else rates.conversion_rate end as conversion_rate,
        opportunities.is_deleted,
        opportunities.close_date
    from opportunities
    left join currencies on opportunities.currency_iso_code = currencies.iso_code
    left join rates
        on
            opportunities.currency_iso_code = rates.iso_code
            and (rates.start_date is null or opportunities.close_date >= rates.start_date)
            and (rates.end_date is null or opportunities.close_date < rates.end_date)

),

amounts as (

    select
        -- ids
        opportunity_id,

        -- strings
        currency_iso_code,

        -- numerics
        amount,
        cast(conversion_rate as double) as conversion_rate,
        {{ corporate_amount('amount', 'conversion_rate') }} as corporate_amount,
        {{ corporate_amount('weighted_amount', 'conversion_rate') }} as corporate_weighted_amount,

        -- booleans
        is_deleted,

        -- dates
        close_date
    from priced

)

{{ changed_rows('amounts', keys=['opportunity_id']) }}
