{#- The CTE `touched`: the records of which something is new, for a model that works out all that
    belongs to them anew. Has to be the model's first CTE: an incremental build asks for it
    before all else (see merge_of_delta), and ends where there is none. -#}
{% macro touched(key, relation) -%}
touched as (

    select distinct {{ key }}
    from {{ relation }}
    {{ newer_batches() }}

) /* touched */
{%- endmacro %}


{#- Leaves the rows of touched records; all of them in a full build. An incremental build puts
    their ids in place of the subquery: by literals, with the ranges that they lie in, Iceberg
    and Parquet leave out files and row groups, by a subquery neither. -#}
{% macro of_touched(key) -%}
    {%- if is_incremental() -%}
        where {{ key }} in (select * from touched)
    {%- endif -%}
{%- endmacro %}
