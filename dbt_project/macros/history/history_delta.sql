{#- The end of a model that keeps a history: what a MERGE on (key, valid_from) must change.

    rows  CTE: the whole history of the records at hand, with the model's columns
    key   the id column of those records
    ids   CTE with that column: the records at hand, whether or not they have rows

    A version that comes late can make a period begin elsewhere: the model's own row is
    then not among the new ones and is marked obsolete (see get_merge_sql). Rows that
    stayed the same are left out, so that a build writes no more than what changed. -#}
{% macro history_delta(rows, key, ids) -%}
{%- if not is_incremental() -%}
select * from {{ rows }}
{%- else -%}
select
    changed.*,
    false as _obsolete
from (
    select * from {{ rows }}
    except
    select * from {{ this }} where {{ key }} in (select {{ key }} from {{ ids }})
) as changed

union all

select
    own.*,
    true as _obsolete
from {{ this }} as own
left anti join {{ rows }} as kept
    on own.{{ key }} = kept.{{ key }} and own.valid_from = kept.valid_from
where own.{{ key }} in (select {{ key }} from {{ ids }})
{%- endif -%}
{%- endmacro %}
