{#- The end of a model that works out rows anew: what a MERGE on `keys` must change.

    rows     CTE: the rows as they should be, with the model's columns
    keys     the columns that identify a row; none of them is null
    within   [cte, id]: `rows` are those whose first key is among these ids (see among).
             Without it `rows` are all rows of the model.
    same     condition that `changed` (of `rows`) is the model's own row, `own`; without it the
             columns are compared
    columns  of the model's own rows that are compared, or that `same` asks for, beside the keys:
             those of which the others come. Without it all of them

    A row can vanish: a version that comes late makes a period begin elsewhere. The model's
    own row is then not among the new ones and is marked obsolete (see get_merge_sql). Rows
    that stayed the same are left out, so that a build writes no more than what changed.
    One join, as each side of a second one would be worked out and read once more. -#}
{% macro changed_rows(rows, keys, within=none, same=none, columns=none) -%}
{%- if not is_incremental() -%}
select * from {{ rows }}
{%- else -%}
{%- set all = model.columns.keys() | list -%}
select
    {%- for column in all %}
    {% if column in keys -%}
        coalesce(changed.{{ column }}, own.{{ column }}) as {{ column }},
    {%- else -%}
        changed.{{ column }},
    {%- endif %}
    {%- endfor %}
    changed.{{ keys[0] }} is null as _obsolete
from {{ rows }} as changed
full join (
    select {{ (keys + columns if columns else all) | join(', ') }}
    from {{ this }}
    {{ 'where ' ~ among(within[0], keys[0], within[1]) if within }}
) as own
    on {% for key in keys -%}
        changed.{{ key }} = own.{{ key }}{{ ' and ' if not loop.last }}
    {%- endfor %}
where not coalesce(
    changed.{{ keys[0] }} is not null
    and {% if same -%}
        {{ same }}
    {%- else -%}
        {%- for column in columns or all -%}
            changed.{{ column }} <=> own.{{ column }}{{ ' and ' if not loop.last }}
        {%- endfor -%}
    {%- endif %}, false
)
{%- endif -%}
{%- endmacro %}
