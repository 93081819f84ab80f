{#- The CTE `touched`: the records of which something is new, for a model that works out all that
    belongs to them anew. Has to be the model's first CTE: an incremental build asks for it
    before all else (see merge_of_delta), and ends where there is none. -#}
{% macro touched(key, relation) -%}
touched as (

    select
        {{ key }},
        max(_batch) as _batch
    from {{ relation }}
    {{ newer_batches() }}
    group by {{ key }}

) /* touched */
{%- endmacro %}


{#- Leaves the rows of touched records; all of them in a full build. An incremental build puts
    their ids in place of the subquery: by literals, with the ranges that they lie in, Iceberg
    and Parquet leave out files and row groups, by a subquery neither.

    None of these rows is newer than what `touched` saw: of a batch that landed since, other
    records would be passed over by the next build, which asks for what is newer than the model. -#}
{% macro of_touched(key) -%}
    {%- if is_incremental() -%}
        where {{ among_touched(key) }}
            and {{ key.rpartition('.')[:2] | join }}_batch <= (select max(_batch) from touched)
    {%- endif -%}
{%- endmacro %}


{#- Condition that a column holds the id of a touched record. -#}
{% macro among_touched(key) -%}
    {{ key }} in (select {{ key.rpartition('.')[2] }} from touched)
{%- endmacro %}
