{#- The rows that are in a state which orgs have and nobody wants, such as a case that was closed
    before it was opened. Give it a ceiling: `config: {warn_if: ">0", error_if: ">1000"}`.

    states  {what to call it: SQL condition} -#}
{% test rare(model, states) %}

{%- for name, condition in states.items() %}
select
    '{{ name }}' as state,
    *
from {{ model }}
where not is_deleted and {{ condition }}
{{ 'union all' if not loop.last }}
{%- endfor %}

{% endtest %}
