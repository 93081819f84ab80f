{#- Measures and classes that more than one model has, each defined once. -#}

{#- Amount times probability, in the amount's currency. Salesforce's percents are 0 to 100, and
    doubles: a product of doubles would fall short of half a cent and be rounded down. -#}
{% macro weighted_amount(amount, probability_percent) -%}
    cast({{ amount }} * cast({{ probability_percent }} as decimal(9, 4)) / 100 as decimal(18, 2))
{%- endmacro %}


{#- Quantity, a double, times the price of one. -#}
{% macro line_amount(quantity, price) -%}
    cast(cast({{ quantity }} as decimal(18, 4)) * {{ price }} as decimal(18, 2))
{%- endmacro %}


{#- Won, Lost, Open or Unknown. The record's own flags first: stage names are each org's own. -#}
{% macro outcome(opportunity, stage) -%}
    case
        when {{ opportunity }}.is_won then 'Won'
        when not {{ opportunity }}.is_closed then 'Open'
        when {{ opportunity }}.is_closed and {{ opportunity }}.is_won is not null then 'Lost'
        else coalesce({{ stage }}.outcome, 'Unknown')
    end
{%- endmacro %}


{#- Hours from one moment to a later one, by the clock round the week: no office hours. -#}
{% macro hours_between(start, end) -%}
    cast((unix_micros({{ end }}) - unix_micros({{ start }})) / 3600000000 as decimal(18, 2))
{%- endmacro %}


{#- An amount in the corporate currency. Salesforce's rate is what one unit of the corporate
    currency costs: amounts are divided by it. -#}
{% macro corporate_amount(amount, conversion_rate) -%}
    cast({{ amount }} / nullif(cast({{ conversion_rate }} as decimal(18, 6)), 0) as decimal(18, 2))
{%- endmacro %}
