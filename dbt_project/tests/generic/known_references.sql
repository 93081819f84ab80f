{#- One row per id that leads to no record of the model it should lead to, of records that are
    not deleted. Orgs have some: records that the integration user may not see. Rows that are tested
    already are left out (see untested_since): no record leaves the models that ids lead to.

    references  [{column, to: ref(…), key: the column of that model, only: '005%'}, …]; `only`
                is a pattern of the ids that must be known, where others lead elsewhere
    living      SQL condition on the model's rows, for a model without `is_deleted` -#}
{% test known_references(model, references, living='not is_deleted') %}
{%- for each in references %}
{%- set child -%}
(
    select distinct {{ each["column"] }} as id
    from {{ model }}
    where {{ living }} and {{ each["column"] }} is not null {{ and_untested(model) }}
        {%- if each["only"] %} and {{ each["column"] }} like '{{ each["only"] }}'{% endif %}
)
{%- endset %}
select
    '{{ each["column"] }}' as column_name,
    child.id
from {{ child }} as child
left anti join {{ known_keys(each, child, few=untested_since(model) is not none) }} as parent
    on child.id = parent.id
{%- if not loop.last %}
union all
{%- endif %}
{%- endfor %}
{% endtest %}
