{#- What the newest build brought is like what builds before it brought. One row per

    fewer rows  where the table has lost more than a hundredth of its rows since the build before
    more nulls  and column whose nulls among the rows that the newest build wrote are at least
                50 percent points more than among all others: a field that was hidden, say

    Of fewer than `least` rows nothing is said. Iceberg's metadata alone is read, no row: the
    table's own snapshots are the record of former builds, as far back as they are kept.

    by_state  columns that are null by the state or kind of a record, such as the time at which it
              was closed: what changes is open for the most part, what is there is closed. Of
              their nulls nothing is said -#}
{% test steady(model, least=100, by_state=[]) %}

{%- set own = graph.nodes.values() | selectattr('name', 'equalto', model.identifier) | first if execute else {} -%}
{%- set columns = own.get('columns', {}).keys() | reject('in', by_state) | list %}

with

builds as (

    select
        cast(summary['total-records'] as bigint)
        - cast(coalesce(summary['total-position-deletes'], '0') as bigint) as row_count,
        row_number() over (order by committed_at desc) as age
    from {{ model }}.snapshots

),

files as (

    select
        data_file.record_count as row_count,
        readable_metrics,
        sequence_number = max(sequence_number) over () as is_newest
    from {{ model }}.entries
    where status < 2 and data_file.content = 0

),

nulls as (

    select
        files.is_newest,
        files.row_count,
        counted.column_name,
        counted.null_count
    from files
    lateral view stack(
        {{ columns | length }}
        {%- for column in columns %},
        '{{ column }}', readable_metrics.{{ column }}.null_value_count
        {%- endfor %}
    ) counted as column_name, null_count

),

shares as (

    select
        column_name,
        sum(case when is_newest then null_count end) as new_nulls,
        sum(case when is_newest then row_count end) as new_rows,
        sum(case when not is_newest then null_count end) as old_nulls,
        sum(case when not is_newest then row_count end) as old_rows
    from nulls
    where null_count is not null
    group by column_name

)

select
    'fewer rows' as change,
    cast(null as string) as column_name,
    newest.row_count as now,
    before.row_count as before
from builds as newest
inner join builds as before on before.age = 2
where
    newest.age = 1
    and before.row_count >= {{ least }}
    and newest.row_count < before.row_count * 0.99

union all

select
    'more nulls, in percent of the rows' as change,
    column_name,
    cast(100 * new_nulls / new_rows as bigint) as now,
    cast(100 * old_nulls / old_rows as bigint) as before
from shares
where
    new_rows >= {{ least }}
    and old_rows >= {{ least }}
    and 100 * new_nulls / new_rows >= 100 * old_nulls / old_rows + 50

{% endtest %}
