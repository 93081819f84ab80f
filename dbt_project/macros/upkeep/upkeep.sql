{#- Keeps the tables of the project's models and seeds young: `dbt run-operation upkeep`. The build
    in CodeBuild does so once a day (lakehouse_jobs.build.upkeep). docs/maintenance.md says what is
    done and when it is due.

    minutes         after these no further table is begun; the others wait for the next time
    keep_hours      a snapshot that was the current one within these stays
    keep_snapshots  so many stay, until they have not been current for keep_days
    at_once         true: what is not due yet is done as well

    A table that fails is a warning, and the others are kept all the same. -#}
{% macro upkeep(minutes=15, keep_hours=6, keep_snapshots=40, keep_days=7, at_once=false) %}
    {%- set tables = {} -%}
    {%- for node in graph.nodes.values() if node.resource_type in ('model', 'seed', 'snapshot') -%}
        {%- if node.config.enabled and node.config.materialized != 'ephemeral' -%}
            {%- set properties = tojson(node.config.get('table_properties', {})) -%}
            {%- do tables.setdefault(properties, []).append(node.schema ~ '.' ~ node.alias) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set settings = {
        'minutes': minutes,
        'keep_hours': keep_hours,
        'keep_snapshots': keep_snapshots,
        'keep_days': keep_days,
        'at_once': 1 if at_once else 0,
    } -%}
    {% call statement('upkeep', fetch_result=true) -%}
custom_glue_code_for_dbt_adapter
{{ upkeep_as_python() }}
properties = {}
for each, tables in {{ tojson(tables.items() | list) }}:
    properties.update(dict.fromkeys(tables, json.loads(each)))
keep_young(properties, {{ tojson(settings) }})
    {%- endcall %}
    {%- for table, done, failed in load_result('upkeep')['data'] -%}
        {%- if failed -%}
            {%- do exceptions.warn('upkeep of ' ~ table ~ ': ' ~ failed) -%}
        {%- else -%}
            {{ log('upkeep of ' ~ table ~ ': ' ~ done, info=true) }}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}
