{#- The columns identify a row: none of them is null, no combination stands twice.
    One statement where `unique` and `not_null` would be two or more. Of keys that are tested
    already nothing is asked (see untested_since). -#}
{% test primary_key(model, columns) %}

select
    {{ columns | join(', ') }},
    count(*) as row_count
from {{ with_untested_keys(model, columns) }} as tested
group by {{ columns | join(', ') }}
having
    count(*) > 1
    {%- for column in columns %}
    or {{ column }} is null
    {%- endfor %}

{% endtest %}
