{#- One row per currency of the records that are not deleted, where they have more than one: reports
    would add up their amounts as if they were of one. All rows are looked at: of two currencies
    each may have come alone.

    column  the records' currency -#}
{% test one_currency(model, column) %}
select
    currency,
    records
from (
    select
        {{ column }} as currency,
        count(*) as records,
        count(*) over () as currencies
    from {{ model }}
    where not is_deleted and {{ column }} is not null
    group by {{ column }}
) as counted
where currencies > 1
{% endtest %}
