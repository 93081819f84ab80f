{#- The rows of a history fit together, and with staging. For each key: periods are not empty, do
    not overlap and leave no gap but after a deletion; one row is current, with staging's values,
    none where the record is deleted. Returns the keys that break a rule, and which. Of keys that
    are tested already nothing is asked (see untested_since). Values are read of rows alone that
    came since: the batch that brought a version stands in its row of both.

    staging  the staging model with the current version of each record, under the same key
    columns  names that both have, whose values are compared -#}
{% test unbroken_history(model, key, staging, columns) %}
{%- set of_history, of_staging = untested_since(model), untested_since(staging) %}
{%- set some = of_history is not none and of_staging is not none %}
{%- set new = 'and _batch > ' ~ ([of_history, of_staging] | min) if some else '' %}

with

{% if some -%}
-- A version that this history missed is new in staging alone.
untested as (

    select {{ key }}
    from {{ model }}
    where _batch > {{ of_history }}
    union all
    select {{ key }}
    from {{ staging }}
    where _batch > {{ of_staging }}

),

{% endif -%}
periods as (

    select
        {{ key }},
        valid_from,
        valid_to,
        is_current,
        is_closed_by_deletion,
        lead(valid_from) over (partition by {{ key }} order by valid_from) as next_from,
        count(*) over (partition by {{ key }}, valid_from) as same_start,
        count_if(is_current) over (partition by {{ key }}) as current_rows
    from {{ model }}
    {{ 'where ' ~ key ~ ' in (select ' ~ key ~ ' from untested) or ' ~ key ~ ' is null' if some }}

),

living as (

    select {{ key }}
    from {{ staging }}
    where not is_deleted {{ 'and ' ~ key ~ ' in (select ' ~ key ~ ' from untested)' if some }}

),

told as (

    select
        {{ key }},
        {{ columns | join(', ') }}
    from {{ staging }}
    where not is_deleted {{ new }}

),

kept as (

    select
        {{ key }},
        {{ columns | join(', ') }}
    from {{ model }}
    where is_current {{ new }}

),

judged as (

    select
        {{ key }},
        valid_from,
        case
            when {{ key }} is null or valid_from is null then 'no key'
            when same_start > 1 then 'two rows with one start'
            when valid_to <= valid_from then 'empty period'
            when is_current != (valid_to is null) then 'is_current is not an open end'
            when current_rows > 1 then 'more than one current row'
            when valid_to is null and next_from is not null then 'open end before another row'
            when next_from < valid_to then 'overlap'
            when next_from > valid_to and not is_closed_by_deletion then 'gap'
            when next_from is null and valid_to is not null and not is_closed_by_deletion
                then 'no current row'
        end as broken_rule
    from periods
    union all
    select
        coalesce(current_rows.{{ key }}, living.{{ key }}) as {{ key }},
        current_rows.valid_from,
        case
            when current_rows.{{ key }} is null then 'no current row of a living record'
            when living.{{ key }} is null then 'a current row of no living record'
            -- A row that was not written when staging's was is not among those that came since.
            when told.{{ key }} is not null and not (
                kept.{{ key }} is not null
                {%- for column in columns %}
                and kept.{{ column }} <=> told.{{ column }}
                {%- endfor %}
            ) then 'other values than in staging'
        end as broken_rule
    from (select * from periods where is_current) as current_rows
    full join living on current_rows.{{ key }} = living.{{ key }}
    left join told on living.{{ key }} = told.{{ key }}
    left join kept on current_rows.{{ key }} = kept.{{ key }}

)

select * from judged
where broken_rule is not null

{% endtest %}
