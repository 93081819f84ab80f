{#- One row per id that leads to no record of the model it should lead to, of records that are
    not deleted. Orgs have some: records that the integration user may not see.

    references  [{column, to: ref(…), key: the id column of that model}, …] -#}
{% test known_references(model, references) %}
{%- for each in references %}
select distinct
    '{{ each["column"] }}' as column_name,
    child.{{ each["column"] }} as id
from {{ model }} as child
left anti join {{ each["to"] }} as parent
    on child.{{ each["column"] }} = parent.{{ each["key"] }}
where not child.is_deleted and child.{{ each["column"] }} is not null
{%- if not loop.last %}
union all
{%- endif %}
{%- endfor %}
{% endtest %}
