{#- The current version of each record: the end of a staging model.

    versions  the CTE with the versions that are new to this model
    key       its id column

    The winner is the last in order. The model's own row may be newer still (a version
    can come late): `only_newer` in dbt_project.yml has the MERGE keep it then. -#}
{% macro latest_version(versions, key) -%}
winners as (

    select max_by(struct(*), {{ version_order() }}) as winner
    from {{ versions }}
    group by {{ key }}

)

select winner.* from winners
{%- endmacro %}


{#- What orders the versions of a record; `of` qualifies the columns. Not when it was
    deleted: a tombstone carries the stamp of the last version known, and a record that is
    shared again comes back with that stamp, in a later batch. -#}
{% macro version_order(of='') -%}
    {%- set prefix = of ~ '.' if of else '' -%}
    struct({{ prefix }}system_modified_at, {{ prefix }}_batch)
{%- endmacro %}
