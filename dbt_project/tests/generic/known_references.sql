{#- One row per id that leads to no record of the model it should lead to, of records that are
    not deleted. Orgs have some: records that the integration user may not see.

    references  [{column, to: ref(…), key: the column of that model, only: '005%'}, …]; `only`
                is a pattern of the ids that must be known, where others lead elsewhere
    living      SQL condition on the model's rows, for a model without `is_deleted` -#}
{% test known_references(model, references, living='not is_deleted') %}
{%- for each in references %}
select distinct
    '{{ each["column"] }}' as column_name,
    child.{{ each["column"] }} as id
from (select * from {{ model }} where {{ living }}) as child
left anti join {{ each["to"] }} as parent
    on child.{{ each["column"] }} = parent.{{ each["key"] }}
where child.{{ each["column"] }} is not null
{%- if each["only"] %} and child.{{ each["column"] }} like '{{ each["only"] }}'{% endif %}
{%- if not loop.last %}
union all
{%- endif %}
{%- endfor %}
{% endtest %}
