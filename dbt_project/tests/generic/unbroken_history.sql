{#- The rows of a history fit together. For each key: periods are not empty, do not
    overlap and leave no gap but after a deletion; one row is current, none where the
    record is deleted. Returns the rows that break a rule, and which. Of keys that are tested
    already nothing is asked (see untested_since). -#}
{% test unbroken_history(model, key) %}

with

neighbours as (

    select
        {{ key }},
        valid_from,
        valid_to,
        is_current,
        is_closed_by_deletion,
        lead(valid_from) over (partition by {{ key }} order by valid_from) as next_from,
        count(*) over (partition by {{ key }}, valid_from) as same_start,
        count_if(is_current) over (partition by {{ key }}) as current_rows
    from {{ with_untested_keys(model, [key]) }} as tested

),

judged as (

    select
        *,
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
    from neighbours

)

select * from judged
where broken_rule is not null

{% endtest %}
