{#- The CTE `touched`: the records of which something is new, for a model that works out all that
    belongs to them anew. An incremental build ends where there is none. -#}
{% macro touched(key, relation) -%}
touched as (

    select
        {{ key }},
        max(_batch) as _batch
    from {{ relation }}
    {{ newer_batches() }}
    group by {{ key }}

) {{ ids_of('touched') }}
{%- endmacro %}


{#- Leaves the rows of touched records; all of them in a full build.

    None of these rows is newer than what `touched` saw: of a batch that landed since, other
    records would be passed over by the next build, which asks for what is newer than the model. -#}
{% macro of_touched(key) -%}
    {%- if is_incremental() -%}
        where {{ among('touched', key) }}
            and {{ key.rpartition('.')[:2] | join }}_batch <= {{ touched_batch() }}
    {%- endif -%}
{%- endmacro %}


{#- The newest batch that `touched` saw. -#}
{% macro touched_batch() -%}
    (select max(_batch) from touched)
{%- endmacro %}
