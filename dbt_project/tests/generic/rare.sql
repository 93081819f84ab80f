{#- The rows that are in a state which orgs have and nobody wants, such as a case that was closed
    before it was opened. Give it a ceiling: `config: {warn_if: ">0", error_if: ">1000"}`. Rows that
    are tested already are left out (see untested_since).

    states  {what to call it: SQL condition}
    living  SQL condition on the model's rows, for a model without `is_deleted` -#}
{% test rare(model, states, living='not is_deleted') %}

{%- for name, condition in states.items() %}
select
    '{{ name }}' as state,
    *
from {{ model }}
where {{ living }} and {{ condition }} {{ and_untested(model) }}
{{ 'union all' if not loop.last }}
{%- endfor %}

{% endtest %}
