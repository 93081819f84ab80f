{#- Where each record of a tree stands, ragged and with the faults that orgs have.

    records  CTE with id, parent_id, name and _batch: the records that are there
    climbs   relation of the intermediate model that has climbed the first steps

    CTEs that end in `placed`: id, parent_id, name, ancestor_ids (nearest first, without
    the one that is not there), unknown_ancestor_id (that one), top_id, levels (ids from the
    top down to the record), why a climb ended early (is_cyclic, is_cut_off), and _batch.

    In an incremental build, after `affected`: `records` are those needed, `placed` those
    affected. -#}
{% macro hierarchy(records, climbs) -%}
climbs as (

    select * from {{ climbs }}
    where {{ if_among('needed', 'node_id') }}

) {{ rows_of('climbs') }},

lowest as (

    select * from climbs
    where {{ if_kept_among('affected', 'node_id') }}

),

{{ climb('lowest', 'climbs', 7) }},

measured as (

    select
        node_id,
        top_id,
        path,
        -- How many steps before the last one the same record stood: the length of a circle.
        array_position(slice(reverse(path), 2, size(path)), top_id) as circle
    from climbed

),

judged as (

    select
        measured.node_id,
        measured.circle > 0 as is_cyclic,
        case
            when measured.circle = 0 and top.id is null then measured.top_id
        end as unknown_ancestor_id,
        measured.circle = 0 and top.parent_id is not null as is_cut_off,
        array_except(
            case
                when top.id is null then slice(measured.path, 1, size(measured.path) - 1)
                else measured.path
            end,
            array(measured.node_id)
        ) as ancestor_ids,
        slice(reverse(measured.path), 1, cast(measured.circle as int)) as circle_ids
    from measured
    left join {{ records }} as top on measured.top_id = top.id

),

placed as (

    select
        records.id,
        records.parent_id,
        records.name,
        coalesce(judged.ancestor_ids, cast(array() as array<string>)) as ancestor_ids,
        case
            -- The same one for all that stand in a circle or under it.
            when judged.is_cyclic then array_min(judged.circle_ids)
            else coalesce(try_element_at(judged.ancestor_ids, -1), records.id)
        end as top_id,
        case
            when not coalesce(judged.is_cyclic, false)
                then concat(
                    reverse(coalesce(judged.ancestor_ids, cast(array() as array<string>))),
                    array(records.id)
                )
        end as levels,
        coalesce(judged.is_cyclic, false) as is_cyclic,
        judged.unknown_ancestor_id,
        coalesce(judged.is_cut_off, false) as is_cut_off,
        {{ seen_batch('records._batch') }} as _batch
    from {{ records }} as records
    left join judged on records.id = judged.node_id
    where {{ if_kept_among('affected', 'records.id') }}

)
{%- endmacro %}
