{#- The end of a model that works out rows anew: what a MERGE on `keys` must change.

    rows     CTE: the rows as they should be, with the model's columns
    keys     the columns that identify a row; none of them is null
    touched  CTE with the first of the keys: the records at hand, whether or not they have
             rows. Without it `rows` are all rows of the model.

    A row can vanish: a version that comes late makes a period begin elsewhere. The model's
    own row is then not among the new ones and is marked obsolete (see get_merge_sql). Rows
    that stayed the same are left out, so that a build writes no more than what changed. -#}
{% macro changed_rows(rows, keys, touched=none) -%}
{%- if not is_incremental() -%}
select * from {{ rows }}
{%- else -%}
{%- set own -%}
    {{ this }}
    {%- if touched %} where {{ keys[0] }} in (select {{ keys[0] }} from {{ touched }}){% endif -%}
{%- endset -%}
select
    changed.*,
    false as _obsolete
from (
    select * from {{ rows }}
    except
    select * from {{ own }}
) as changed

union all

select
    gone.*,
    true as _obsolete
from (select * from {{ own }}) as gone
left anti join {{ rows }} as kept
    on {% for key in keys -%}
        gone.{{ key }} = kept.{{ key }}{{ ' and ' if not loop.last }}
    {%- endfor %}
{%- endif -%}
{%- endmacro %}
