{#- What reports add up. Amounts of several currencies have no sum: where the variable
    `multi_currency` is set they are those of fct_opportunity_amounts, in the corporate currency. -#}

{#- The opportunities with the columns that reports read. -#}
{% macro opportunities_in_one_currency() -%}
    {%- if not var('multi_currency') -%}
        {{ ref('fct_opportunities') }}
    {%- else -%}
(
    select
        facts.opportunity_id,
        facts.owner_id,
        facts.stage_name,
        facts.outcome,
        facts.days_to_close,
        facts.is_deleted,
        facts.close_date,
        facts.created_at,
        amounts.corporate_amount as amount,
        amounts.corporate_weighted_amount as weighted_amount
    from {{ ref('fct_opportunities') }} as facts
    left join {{ ref('fct_opportunity_amounts') }} as amounts
        on facts.opportunity_id = amounts.opportunity_id
)
    {%- endif -%}
{%- endmacro %}


{#- The periods of opportunities with the columns that reports read. A period counts in its own
    currency, by the rate of the close date that its opportunity has now: a pipeline that moves by
    rates alone says nothing of sales. A period from before records had a currency has that of now. -#}
{% macro opportunity_periods_in_one_currency() -%}
    {%- if not var('multi_currency') -%}
        {{ ref('dim_opportunity') }}
    {%- else -%}
(
    with

    {{ conversion_rates() }}

    select
        periods.opportunity_id,
        periods.stage_name,
        periods.outcome,
        periods.valid_from,
        periods.valid_to,
        {{ corporate_amount('periods.amount', 'conversion_rates.conversion_rate') }} as amount,
        {{ corporate_amount('periods.weighted_amount', 'conversion_rates.conversion_rate') }}
            as weighted_amount
    from {{ ref('dim_opportunity') }} as periods
    left join {{ ref('fct_opportunity_amounts') }} as amounts
        on periods.opportunity_id = amounts.opportunity_id
    left join conversion_rates
        on {{ rate_of(
            'coalesce(periods.currency_iso_code, amounts.currency_iso_code)', 'amounts.close_date'
        ) }}
)
    {%- endif -%}
{%- endmacro %}
