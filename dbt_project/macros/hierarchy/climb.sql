{#- Climbs from records to the records above them, step by step: CTEs that end in `climbed`.

    start   CTE with node_id, top_id (where the climb has got), path (the ids above the
            node, nearest first, top_id last) and _batch
    links   CTE of the same columns: from a node as far up as one step leads; the climb
            ends at a node without a row or with an empty path
    times   number of steps

    Spark SQL has no recursion that ends with the data, so steps are written out, and a
    circle of records ends with the last of them. -#}
{% macro climb(start, links, times) -%}
{%- for step in range(times) -%}
{{ 'climbed' if loop.last else 'step_' ~ loop.index }} as (

    select
        near.node_id,
        coalesce(far.top_id, near.top_id) as top_id,
        case when far.path is null then near.path else concat(near.path, far.path) end as path,
        near._batch
    from {{ start if loop.first else 'step_' ~ loop.index0 }} as near
    left join {{ links }} as far on near.top_id = far.node_id

){{ ',\n\n' if not loop.last }}
{%- endfor -%}
{%- endmacro %}
