{#- What an incremental build of a hierarchy works out anew: CTEs that a model begins with, none
    in a full build.

    records   relation with one row per record, deleted ones too, and its `_batch`
    key       its id column
    parent    its column with the id of the parent
    own_key   the model's id column
    above     array of the model's row: all ids on the way up, the one that is not there too

    `affected` (id): the records that are new, their parents, and all that had one of the new
    ones above them. The way up of any other record stayed as it was, since none of its
    links changed.
    `needed` (id): what these can meet on their way up now. That goes along old ways, of
    themselves and of the new parents, but where a record is new. -#}
{% macro affected(records, key, parent, own_key, above) -%}
{%- if is_incremental() -%}
{{ touched(key, records) }},

affected as (

    select {{ key }} as id
    from touched
    union
    select {{ parent }} as id
    from {{ records }}
    {{ newer_batches() }} and {{ parent }} is not null
    union
    select below.id
    from (
        select
            {{ own_key }} as id,
            explode({{ above }}) as above_id
        from {{ this }}
    ) as below
    where {{ among('touched', 'below.above_id', key) }}

) {{ ids_of('affected') }},

needed as (

    select id
    from affected
    union
    select above.id
    from (
        select explode({{ above }}) as id
        from {{ this }}
        where {{ among('affected', own_key, 'id') }}
    ) as above
    where above.id is not null

) {{ ids_of('needed') }},
{%- endif -%}
{%- endmacro %}


{#- Condition that a record is `affected` or `needed`; no condition in a full build. -#}
{% macro if_among(cte, column) -%}
    {{ among(cte, column, 'id') if is_incremental() else 'true' }}
{%- endmacro %}


{#- The same for rows that were worked out: there is no file to leave out, and literals take time to
    read, so it names the view of these ids (see merge_of_delta). -#}
{% macro if_kept_among(cte, column) -%}
    {%- set ids = this.identifier ~ '__' ~ cte -%}
    {{ column ~ ' in (select id from ' ~ ids ~ ')' if is_incremental() else 'true' }}
{%- endmacro %}


{#- The batch of a record, and none that `touched` has not seen: of a batch that landed since,
    other records would be passed over by the next build. -#}
{% macro seen_batch(column) -%}
    {{ 'least(' ~ column ~ ', ' ~ touched_batch() ~ ')' if is_incremental() else column }}
{%- endmacro %}
