{#- One row per column and value that describe does not list for it, of records that are not
    deleted. One statement for all picklists of a model, as each costs a round trip. Rows that are
    tested already are left out (see untested_since).

    values   {column: [value, …]}
    several  those of the columns that hold several values, with semicolons between them -#}
{% test listed_values(model, values, several=[]) %}
select
    unlisted.column_name,
    unlisted.value,
    count(*) as records
from (
    select
        explode(flatten(array(
            {%- for column, listed in values.items() %}
            transform(
                filter(
                    {{ "split(" ~ column ~ ", ';')" if column in several else "array(" ~ column ~ ")" }},
                    value -> value not in (
                        {%- for value in listed %}{{ text_literal(value) }}{{ ', ' if not loop.last }}{% endfor -%}
                    )
                ),
                value -> struct('{{ column }}' as column_name, value as value)
            ){{ ',' if not loop.last }}
            {%- endfor %}
        ))) as unlisted
    from {{ model }}
    where not is_deleted {{ and_untested(model) }}
) as found
group by unlisted.column_name, unlisted.value
{% endtest %}
