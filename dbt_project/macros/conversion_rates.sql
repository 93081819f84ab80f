{#- What Salesforce converts amounts by, where `multi_currency` is set: CTEs that end in
    `conversion_rates`, with iso_code, conversion_rate (units of the currency for one of the
    corporate currency) and the days it holds: from start_date, up to end_date, which is the next
    one's first; null where there is no bound. Join with rate_of().

    `fixed` has the one rate of CurrencyType, `dated` those of DatedConversionRate. The corporate
    currency has 1, whatever stands elsewhere. -#}
{% macro conversion_rates() -%}
currencies as (

    select
        iso_code,
        conversion_rate,
        is_corporate
    from {{ ref('stg_salesforce__currency_types') }}
    where not is_deleted

),

rates_known as (

    {% if var('multi_currency') == 'dated' -%}
    select
        iso_code,
        conversion_rate,
        start_date,
        lead(start_date) over (partition by iso_code order by start_date) as end_date
    from {{ ref('stg_salesforce__dated_conversion_rates') }}
    where not is_deleted
    {%- else -%}
    select
        iso_code,
        conversion_rate,
        cast(null as date) as start_date,
        cast(null as date) as end_date
    from currencies
    {%- endif %}

),

conversion_rates as (

    select
        iso_code,
        cast(1 as double) as conversion_rate,
        cast(null as date) as start_date,
        cast(null as date) as end_date
    from currencies
    where is_corporate
    union all
    select rates_known.*
    from rates_known
    left anti join currencies
        on rates_known.iso_code = currencies.iso_code and currencies.is_corporate

)
{%- endmacro %}


{#- The condition of a join with conversion_rates: the rate of a currency on a day. -#}
{% macro rate_of(currency, day) -%}
    {{ currency }} = conversion_rates.iso_code
    and (conversion_rates.start_date is null or {{ day }} >= conversion_rates.start_date)
    and (conversion_rates.end_date is null or {{ day }} < conversion_rates.end_date)
{%- endmacro %}
