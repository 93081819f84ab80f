{#- Where each record of a tree stands, ragged and with the faults that orgs have.

    records  CTE with id, parent_id and name: the records that are there
    climbs   relation of the intermediate model that has climbed the first steps

    CTEs that end in `placed`: id, parent_id, name, ancestor_ids (nearest first, without
    those that are not there), top_id, levels (ids from the top down to the record), and why
    a climb ended early: is_cyclic, has_unknown_ancestor, is_cut_off. -#}
{% macro hierarchy(records, climbs) -%}
climbs as (

    select * from {{ climbs }}

),

{{ climb('climbs', 'climbs', 7) }},

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
        measured.circle = 0 and top.id is null as has_unknown_ancestor,
        measured.circle = 0 and above.node_id is not null as is_cut_off,
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
    left join climbs as above on measured.top_id = above.node_id

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
        coalesce(judged.has_unknown_ancestor, false) as has_unknown_ancestor,
        coalesce(judged.is_cut_off, false) as is_cut_off
    from {{ records }} as records
    left join judged on records.id = judged.node_id

)
{%- endmacro %}
